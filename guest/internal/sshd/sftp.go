package sshd

import (
	"io"
	"os"

	"github.com/pkg/sftp"
)

// SFTPCommand is the argument that makes the agent's program an sftp server.
const SFTPCommand = "sftp"

// sftpServer is this program again, as a process with the account's rights and in its home. The agent's file lies out of
// the new root's sight, where only this link leads.
var sftpServer = program{"/proc/self/exe", []string{"banger-agent", SFTPCommand}}

// ServeSFTP speaks sftp on standard input and output until the client has no more requests.
func ServeSFTP() error {
	server, err := sftp.NewServer(struct {
		io.Reader
		io.WriteCloser
	}{os.Stdin, os.Stdout}, sftp.WithAllocator())
	if err != nil {
		return err
	}
	return server.Serve()
}
