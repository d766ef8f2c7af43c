// Package process starts commands and keeps the registry of those that run.
//
// Whoever starts a process (a one-off exec now; sessions and ssh later) gets a *Process: its output to read, its input to
// write, signals, the terminal's size, and its exit. A process belongs to the registry, not to a request: the registry
// finds it by id from anywhere.
//
// Every process leads its own session and process group, and signals go to the group. It is waited for by pidfd, read
// through the runtime's poller, and never asked for its state in a loop.
package process

import (
	"fmt"

	"banger.dev/guest/internal/users"
)

// DefaultPath is PATH where the caller gives none.
const DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Size is a terminal's.
type Size struct {
	Rows, Cols uint16
}

// Spec is what to run. Empty fields mean what guest.proto says.
type Spec struct {
	Argv []string
	// Executed in place of argv[0]; empty: argv[0]
	Program string
	Env     map[string]string
	Cwd     string
	// Where Cwd is empty: made if it is not there
	ImageDir string
	User     string
	// Set: a pseudo terminal of that size.
	Terminal *Size
	Term     string
	// False: stdin is /dev/null. A terminal is its process's stdin in any case.
	Stdin bool
	// What asks the process itself to end; 0: SIGTERM or SIGHUP to its group
	StopSignal int
}

// Reason says which part of a Spec was at fault.
type Reason int

const (
	NotFound Reason = iota + 1
	NotExecutable
	NoSuchUser
	BadCwd
	BadRequest
	Resources
)

// Failure is why a process could not be started.
type Failure struct {
	Reason  Reason
	Message string
}

func (f *Failure) Error() string { return f.Message }

func failure(reason Reason, format string, args ...any) *Failure {
	return &Failure{reason, fmt.Sprintf(format, args...)}
}

// environment is the base environment with the caller's on top.
func environment(spec Spec, user users.User) []string {
	shell := user.Shell
	if shell == "" {
		shell = "/bin/sh"
	}
	merged := map[string]string{
		"PATH": DefaultPath, "HOME": user.Home, "USER": user.Name, "LOGNAME": user.Name, "SHELL": shell,
	}
	if spec.Terminal != nil {
		merged["TERM"] = spec.Term
		if spec.Term == "" {
			merged["TERM"] = "xterm-256color"
		}
	}
	for name, value := range spec.Env {
		merged[name] = value
	}
	env := make([]string, 0, len(merged))
	for name, value := range merged {
		env = append(env, name+"="+value)
	}
	return env
}
