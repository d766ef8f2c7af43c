package process

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// hangupGrace is what a group gets between SIGHUP and SIGKILL.
	hangupGrace = 2 * time.Second
	endOfFile   = 4 // ^D
)

// ErrGone is what a signal to a process that ended meets.
var ErrGone = errors.New("the process has ended")

// Exit is how a process ended: a status, or the signal that ended it.
type Exit struct {
	Code   int
	Signal int
}

// Process is a running command.
type Process struct {
	ID  uint64
	PID int
	// Done is closed when the process has ended; what it wrote may still have to be read.
	Done <-chan struct{}
	// Stdout is everything the terminal shows when there is one; Stderr is nil then.
	Stdout, Stderr io.Reader

	files *standardFiles
	// 0: what everybody is asked by
	stopSignal unix.Signal
	ended      atomic.Bool
	done       chan struct{}
	exit       Exit

	mutex       sync.Mutex
	reaped      bool
	terminating chan struct{}
}

func newProcess(pid, pidfd int, files *standardFiles, stopSignal unix.Signal) *Process {
	done := make(chan struct{})
	p := &Process{PID: pid, Done: done, done: done, files: files, stopSignal: stopSignal}
	p.Stdout = &output{process: p, file: files.stdout}
	if files.stderr != nil {
		p.Stderr = &output{process: p, file: files.stderr}
	}
	go p.watch(pidfd)
	return p
}

// Exit is valid once Done is closed.
func (p *Process) Exit() Exit { return p.exit }

// Write gives the process input. It blocks while the process does not read, and fails when it cannot any more.
func (p *Process) Write(b []byte) (int, error) {
	if p.files.input == nil {
		return len(b), nil
	}
	return p.files.input.Write(b)
}

// CloseInput lets the process read end of file.
func (p *Process) CloseInput() error {
	if p.files.input == nil {
		return nil
	}
	if p.files.stderr == nil {
		_, err := p.files.input.Write([]byte{endOfFile})
		return err
	}
	return p.files.input.Close()
}

// HasTerminal says whether its input and output are one terminal.
func (p *Process) HasTerminal() bool { return p.files.stderr == nil }

// Resize sets the terminal's size; without a terminal it does nothing.
func (p *Process) Resize(size Size) error {
	if p.files.stderr != nil {
		return nil
	}
	return setSize(p.files.stdout, size)
}

// Signal sends a signal to the process group.
func (p *Process) Signal(signal int) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	// Once reaped, the number may be somebody else's.
	if p.reaped {
		return ErrGone
	}
	return unix.Kill(-p.PID, unix.Signal(signal))
}

// ask sends the group a signal, or the process alone the one that it wants: others of the group may take that differently.
func (p *Process) ask(signal unix.Signal) {
	if p.stopSignal != 0 {
		unix.Kill(p.PID, p.stopSignal)
		return
	}
	unix.Kill(-p.PID, signal)
}

// Terminate hangs the group up and kills what is left of it after a grace time. It returns at once and is repeatable.
func (p *Process) Terminate() {
	p.end(unix.SIGHUP, func() { time.Sleep(hangupGrace) })
}

// end asks the group to end, and kills what is left of it when wait returns. Only the first one counts.
func (p *Process) end(signal unix.Signal, wait func()) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.reaped || p.terminating != nil {
		return
	}
	killed := make(chan struct{})
	p.terminating = killed
	p.ask(signal)
	go func() {
		defer close(killed)
		wait()
		unix.Kill(-p.PID, unix.SIGKILL)
	}()
}

// Close gives back the files; the process itself goes on. Reads and writes at work are aborted.
func (p *Process) Close() {
	p.files.closeOurEnds()
}

// watch waits for the end and reaps. While the group is being terminated the dead leader is left unreaped, so that its
// number cannot become another group's before the last signal.
func (p *Process) watch(pidfd int) {
	waitForEnd(pidfd)
	p.mutex.Lock()
	terminating := p.terminating
	p.reaped = terminating == nil
	if p.reaped {
		p.exit = reap(p.PID)
	}
	p.mutex.Unlock()
	if terminating != nil {
		<-terminating
		p.mutex.Lock()
		p.reaped = true
		p.exit = reap(p.PID)
		p.mutex.Unlock()
	}
	p.ended.Store(true)
	for _, file := range []*os.File{p.files.stdout, p.files.stderr} {
		file.SetReadDeadline(time.Now().Add(silence))
	}
	close(p.done)
}

func waitForEnd(pidfd int) {
	unix.SetNonblock(pidfd, true)
	file := os.NewFile(uintptr(pidfd), "pidfd")
	defer file.Close()
	isOver := func(fd uintptr) bool {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PIDFD, int(fd), &info, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil)
		return err != nil && err != unix.EINTR && err != unix.EAGAIN || info.Signo != 0
	}
	raw, err := file.SyscallConn()
	if err == nil {
		raw.Read(isOver)
	}
}

func reap(pid int) Exit {
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &status, 0, nil)
		if err == unix.EINTR {
			continue
		}
		break
	}
	if status.Signaled() {
		return Exit{Signal: int(status.Signal())}
	}
	return Exit{Code: status.ExitStatus()}
}
