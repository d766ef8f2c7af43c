package sshd

import (
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"banger.dev/guest/internal/process"
)

// signals are those that have a name in the protocol (RFC 4254, section 6.10), and what OpenSSH adds.
var signals = map[string]unix.Signal{
	"ABRT": unix.SIGABRT, "ALRM": unix.SIGALRM, "FPE": unix.SIGFPE, "HUP": unix.SIGHUP, "ILL": unix.SIGILL,
	"INT": unix.SIGINT, "KILL": unix.SIGKILL, "PIPE": unix.SIGPIPE, "QUIT": unix.SIGQUIT, "SEGV": unix.SIGSEGV,
	"TERM": unix.SIGTERM, "USR1": unix.SIGUSR1, "USR2": unix.SIGUSR2,
}

func (s *session) signal(payload []byte) bool {
	var request struct{ Name string }
	if s.process == nil || ssh.Unmarshal(payload, &request) != nil {
		return false
	}
	number, isKnown := signals[request.Name]
	return isKnown && s.process.Signal(int(number)) == nil
}

// tellExit says how the process ended.
func (s *session) tellExit(exit process.Exit) {
	if exit.Signal == 0 {
		s.channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(exit.Code)}))
		return
	}
	s.channel.SendRequest("exit-signal", false, ssh.Marshal(struct {
		Name       string
		CoreDumped bool
		Message    string
		Language   string
	}{Name: signalName(exit.Signal)}))
}

func signalName(number int) string {
	for name, signal := range signals {
		if int(signal) == number {
			return name
		}
	}
	return fmt.Sprintf("%d@banger", number)
}

// Exit statuses of a shell that cannot run what it is told.
const (
	cannotExecute = 126
	notFound      = 127
)

func (s *session) fail(err error) {
	defer s.channel.Close()
	fmt.Fprintf(s.channel.Stderr(), "%v\r\n", err)
	status := 1
	var why *process.Failure
	if errors.As(err, &why) {
		switch why.Reason {
		case process.NotFound:
			status = notFound
		case process.NotExecutable:
			status = cannotExecute
		}
	}
	s.channel.CloseWrite()
	s.tellExit(process.Exit{Code: status})
}
