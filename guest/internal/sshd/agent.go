package sshd

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// agentSocket is a socket in the guest at which the client's ssh agent answers: OpenSSH's agent forwarding.
type agentSocket struct {
	dir, path string
	listener  net.Listener
}

// forwardAgent makes one that nobody but the account can reach.
func (c *connection) forwardAgent() (*agentSocket, error) {
	dir, err := os.MkdirTemp("/tmp", "ssh-")
	if err != nil {
		return nil, err
	}
	socket := &agentSocket{dir: dir, path: filepath.Join(dir, "agent")}
	if socket.listener, err = net.Listen("unix", socket.path); err != nil {
		os.Remove(dir)
		return nil, err
	}
	if err := socket.give(c); err != nil {
		socket.close()
		return nil, err
	}
	go c.bringIn(socket.listener, func(net.Conn) (string, []byte) { return "auth-agent@openssh.com", nil })
	return socket, nil
}

func (s *agentSocket) give(c *connection) error {
	if !c.keepListener(s.path, s.listener) {
		return fmt.Errorf("too many listeners")
	}
	if os.Geteuid() != 0 {
		return nil // In tests: it is whose it shall be.
	}
	if err := os.Lchown(s.path, int(c.account.UID), int(c.account.GID)); err != nil {
		return err
	}
	return os.Lchown(s.dir, int(c.account.UID), int(c.account.GID))
}

func (s *agentSocket) close() {
	s.listener.Close() // Which removes the socket.
	os.Remove(s.dir)
}
