package service

import (
	"net"
	"os"

	"banger.dev/guest/internal/identity"
	"banger.dev/guest/internal/sshd"
)

const sshAddress = ":22"

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
