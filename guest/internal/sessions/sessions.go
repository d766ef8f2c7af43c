// Package sessions keeps commands that have a name and outlive whoever started them.
//
// A session is a process of the registry, its input with one writer at a time, and a journal of its output on the guest's
// disk, of bounded size. The process never waits for a reader: the journal drops its oldest bytes, and a reader that comes
// too late is told which ones. It is addressed by absolute offsets, so a reader that comes back goes on where it was.
// Input has offsets, too: each writer counts its own, so what is sent again after a lost connection is taken once.
//
// Sessions live as long as the agent: through a pause, a suspension, and in forks, not through a start of the machine.
package sessions

import (
	"errors"
	"fmt"
	"regexp"

	"banger.dev/guest/internal/process"
)

// Bounds of what a guest keeps.
const (
	MaxRunning  = 64
	MaxEnded    = 32
	MaxRequired = 64

	DefaultKeepBytes = 8 << 20
	MinKeepBytes     = 64 << 10
	MaxKeepBytes     = 64 << 20
)

var nameRule = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Why a request is refused.
var (
	ErrNotFound   = errors.New("there is no such session")
	ErrNameTaken  = errors.New("a running session has the name")
	ErrTooMany    = fmt.Errorf("%d sessions are running already", MaxRunning)
	ErrInvalid    = errors.New("the request makes no sense")
	ErrEnded      = errors.New("the session has ended")
	ErrRunning    = errors.New("the session is running")
	ErrNoInput    = errors.New("the session takes no input (any more)")
	ErrOtherWrite = errors.New("somebody else is attached as the writer")
)

// Order is what to start.
type Order struct {
	Name    string
	Command process.Spec
	// Looked for in PATH first
	Required []string
	// Per stream; 0 is the default
	KeepBytes uint64
}

// Missing is why a session was not started: the guest has no such commands.
type Missing struct {
	Names []string
}

func (m *Missing) Error() string { return fmt.Sprintf("not in PATH: %q", m.Names) }

func (o *Order) check() error {
	if o.KeepBytes == 0 {
		o.KeepBytes = DefaultKeepBytes
	}
	switch {
	case !nameRule.MatchString(o.Name):
		return fmt.Errorf("%w: a session cannot have the name %q", ErrInvalid, o.Name)
	case o.KeepBytes < MinKeepBytes || o.KeepBytes > MaxKeepBytes:
		return fmt.Errorf("%w: %d bytes are not from %d to %d", ErrInvalid, o.KeepBytes, MinKeepBytes, MaxKeepBytes)
	case len(o.Required) > MaxRequired:
		return fmt.Errorf("%w: more than %d required commands", ErrInvalid, MaxRequired)
	}
	return nil
}
