package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"banger.dev/guest/internal/forward"
	"banger.dev/guest/internal/identity"
	"banger.dev/guest/internal/sshd"
)

const (
	sshPort    = 22
	sshAddress = ":22"
)

// sshPrograms are where an image has an ssh server.
var sshPrograms = []string{"/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd", "/sbin/sshd"}

// imageServesSSH says whether the image's init is there to start an ssh server that is there, too.
func (s *Service) imageServesSSH() bool {
	if !s.machine.HasImageInit() {
		return false
	}
	for _, program := range sshPrograms {
		if info, err := os.Stat(program); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// assumeSSH makes the agent's ssh server the machine's own, for connections from now on.
func (s *Service) assumeSSH(who identity.Identity) {
	if len(who.HostKeys) == 0 || len(who.AuthorizedKeys) == 0 {
		return
	}
	credentials, err := sshd.ParseCredentials(who.HostKeys[0].Private, who.AuthorizedKeys)
	if err != nil {
		s.note("the agent serves no ssh: %v", err)
		return
	}
	s.ssh.Become(credentials)
}

// listenForSSH serves ssh in the guest's network where the image does not.
func (s *Service) listenForSSH() {
	if s.imageServesSSH() {
		return
	}
	listener, err := net.Listen("tcp", sshAddress)
	if err != nil {
		s.note("cannot listen for ssh: %v", err)
		return
	}
	go s.ssh.Serve(listener)
}

// dial connects the host to what listens in the guest; to ssh always. The agent's own server is reached without the
// guest's network, and also where the image's does not run (any more).
func (s *Service) dial(ctx context.Context, target forward.Target) (forward.Conn, error) {
	if target != (forward.Target{Port: sshPort}) || s.ssh.HostKey() == "" {
		return forward.Dial(ctx, target)
	}
	if s.imageServesSSH() {
		conn, err := forward.Dial(ctx, target)
		if !errors.Is(err, forward.ErrRefused) {
			return conn, err
		}
	}
	host, guest, err := socketPair()
	if err != nil {
		return nil, err
	}
	go s.ssh.ServeConn(guest)
	return host, nil
}

// socketPair returns the two ends of a stream.
func socketPair() (forward.Conn, forward.Conn, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a pair of sockets: %w", err)
	}
	var ends [2]forward.Conn
	for i, fd := range fds {
		file := os.NewFile(uintptr(fd), "ssh")
		conn, err := net.FileConn(file) // Of a descriptor of its own.
		file.Close()
		if err == nil {
			ends[i] = conn.(*net.UnixConn)
			continue
		}
		if i == 0 {
			unix.Close(fds[1])
		} else {
			ends[0].Close()
		}
		return nil, nil, err
	}
	return ends[0], ends[1], nil
}
