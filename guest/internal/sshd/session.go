package sshd

import (
	"io"
	"math"
	"path/filepath"
	"sync"

	"golang.org/x/crypto/ssh"

	"banger.dev/guest/internal/process"
)

const (
	maxVariables = 64
	maxVariable  = 4 << 10
)

// session is one channel that runs one command, or a shell, or sftp (RFC 4254, section 6).
type session struct {
	*connection
	channel ssh.Channel
	env     map[string]string
	// Set by the client
	variables int
	terminal  *process.Size
	term      string
	agent     *agentSocket
	// Once started: the process, unless it could not be, and what follows the answer to the request
	isStarted bool
	process   *process.Process
	begin     func()
	// Closed when the channel is
	gone chan struct{}
	// Everything that was begun for the process
	work sync.WaitGroup
}

func newSession(c *connection, channel ssh.Channel) *session {
	return &session{connection: c, channel: channel, env: c.baseEnvironment(), gone: make(chan struct{})}
}

// serve obeys requests until the channel is closed, by the end of the process or by the client. A process whose client
// goes away meets closed files and, on a terminal, SIGHUP, as with OpenSSH; what was started to stay stays.
func (s *session) serve(requests <-chan *ssh.Request) {
	for request := range requests {
		ok := s.obey(request)
		request.Reply(ok, nil)
		if s.begin != nil {
			s.begin()
			s.begin = nil
		}
	}
	close(s.gone)
	if s.process != nil {
		s.process.Close()
	}
	s.work.Wait()
	if s.agent != nil {
		s.dropListener(s.agent.path)
		s.agent.close()
	}
}

func (s *session) obey(request *ssh.Request) bool {
	switch request.Type {
	case "env":
		return s.setVariable(request.Payload)
	case "pty-req":
		return s.askForTerminal(request.Payload)
	case "window-change":
		return s.resize(request.Payload)
	case "signal":
		return s.signal(request.Payload)
	case "auth-agent-req@openssh.com":
		return s.askForAgent()
	case "shell":
		return s.start(s.shell())
	case "exec":
		var command struct{ Text string }
		return ssh.Unmarshal(request.Payload, &command) == nil && s.start(s.command(command.Text))
	case "subsystem":
		var subsystem struct{ Name string }
		return ssh.Unmarshal(request.Payload, &subsystem) == nil && subsystem.Name == "sftp" && s.start(sftpServer)
	}
	return false
}

// program is what to execute, and as what.
type program struct {
	path string
	argv []string
}

// shell is a login shell: its name begins with "-" (login(1)). That reads /etc/profile, which sets PATH anew; so where the
// image has an environment of its own it is a plain one.
func (s *session) shell() program {
	name := filepath.Base(s.account.Shell)
	if len(s.imageEnv) == 0 {
		name = "-" + name
	}
	return program{s.account.Shell, []string{name}}
}

func (s *session) command(text string) program {
	return program{s.account.Shell, []string{filepath.Base(s.account.Shell), "-c", text}}
}

// start runs the one program of this session. That it cannot is told like a shell tells it.
func (s *session) start(what program) bool {
	if s.isStarted {
		return false
	}
	s.isStarted = true
	if s.agent != nil {
		s.env["SSH_AUTH_SOCK"] = s.agent.path
	}
	p, err := s.processes.Start(process.Spec{
		Program: what.path, Argv: what.argv, Env: s.env, User: s.account.Name,
		Terminal: s.terminal, Term: s.term, Stdin: true,
	})
	if err != nil {
		s.begin = func() { s.fail(err) }
		return true
	}
	s.process = p
	s.begin = func() {
		s.work.Go(func() {
			io.Copy(p, s.channel)
			p.CloseInput()
		})
		s.work.Go(s.follow)
	}
	return true
}

// follow passes on what the process writes, and its end.
func (s *session) follow() {
	defer s.survive()
	defer s.channel.Close()
	p := s.process
	var outputs sync.WaitGroup
	outputs.Go(func() { pass(s.channel, p.Stdout, p) })
	if p.Stderr != nil {
		outputs.Go(func() { pass(s.channel.Stderr(), p.Stderr, p) })
	}
	outputs.Wait()
	select {
	case <-p.Done:
	case <-s.gone:
		return
	}
	p.Close()
	s.channel.CloseWrite()
	s.tellExit(p.Exit())
}

// pass gives the files back when nobody reads any more, so that the process notices.
func pass(to io.Writer, from io.Reader, p *process.Process) {
	if _, err := io.Copy(to, from); err != nil {
		p.Close()
	}
}

func (s *session) askForTerminal(payload []byte) bool {
	var request struct {
		Term                      string
		Cols, Rows, Width, Height uint32
		Modes                     string
	}
	if s.isStarted || ssh.Unmarshal(payload, &request) != nil || len(request.Term) > maxVariable {
		return false
	}
	size := sizeOf(request.Rows, request.Cols)
	s.terminal, s.term = &size, request.Term
	return true
}

func (s *session) resize(payload []byte) bool {
	var request struct{ Cols, Rows, Width, Height uint32 }
	if s.process == nil || ssh.Unmarshal(payload, &request) != nil {
		return false
	}
	return s.process.Resize(sizeOf(request.Rows, request.Cols)) == nil
}

func sizeOf(rows, cols uint32) process.Size {
	return process.Size{Rows: uint16(min(rows, math.MaxUint16)), Cols: uint16(min(cols, math.MaxUint16))}
}

func (s *session) askForAgent() bool {
	if s.isStarted || s.agent != nil {
		return false
	}
	agent, err := s.forwardAgent()
	if err != nil {
		s.note("cannot forward an ssh agent: %v", err)
		return false
	}
	s.agent = agent
	return true
}
