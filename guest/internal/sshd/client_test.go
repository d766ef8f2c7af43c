package sshd

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"os/user"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"banger.dev/guest/internal/process"
)

// The test's program is the sftp server, too, as the agent's is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == SFTPCommand {
		ServeSFTP()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// served is a server on a port of its own, and the keys to it.
type served struct {
	server  *Server
	address string
	key     ssh.Signer
	user    string
}

func serve(t *testing.T) *served {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	s := &served{New(process.NewRegistry(), t.Logf), listener.Addr().String(), newSigner(t), me.Username}
	s.server.Become(credentials(t, s.key))
	go s.server.Serve(listener)
	return s
}

func newSigner(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, _ := ed25519.GenerateKey(nil)
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// credentials have a host key of their own, and let the keys in.
func credentials(t *testing.T, keys ...ssh.Signer) Credentials {
	t.Helper()
	_, private, _ := ed25519.GenerateKey(nil)
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, key := range keys {
		lines = append(lines, string(ssh.MarshalAuthorizedKey(key.PublicKey())))
	}
	who, err := ParseCredentials(string(pem.EncodeToMemory(block)), lines)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// login is a client's way in; the host key has to be the server's.
func (s *served) login(methods ...ssh.AuthMethod) (*ssh.Client, error) {
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s.server.HostKey()))
	if err != nil {
		return nil, err
	}
	return ssh.Dial("tcp", s.address, &ssh.ClientConfig{
		User: s.user, Auth: methods, HostKeyCallback: ssh.FixedHostKey(hostKey), Timeout: 10 * time.Second,
	})
}

func (s *served) client(t *testing.T) *ssh.Client {
	t.Helper()
	client, err := s.login(ssh.PublicKeys(s.key))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func (s *served) session(t *testing.T) *ssh.Session {
	t.Helper()
	session, err := s.client(t).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	return session
}

type ran struct {
	stdout, stderr string
	status         int
	signal         string
}

func run(t *testing.T, session *ssh.Session, command string) ran {
	t.Helper()
	var stdout, stderr bytes.Buffer
	session.Stdout, session.Stderr = &stdout, &stderr
	err := session.Run(command)
	var exit *ssh.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	got := ran{stdout: stdout.String(), stderr: stderr.String()}
	if exit != nil {
		got.signal = exit.Signal()
		if got.signal == "" {
			got.status = exit.ExitStatus()
		}
	}
	return got
}
