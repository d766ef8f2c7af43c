package readiness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// openRCPrograms are where an image has OpenRC, which another init starts, or its own.
var openRCPrograms = []string{"/sbin/openrc", "/usr/sbin/openrc", "/bin/openrc", "/usr/bin/openrc"}

// openRC is the directory in which OpenRC keeps what it knows (librc's RC_SVCDIR).
type openRC string

const openRCState openRC = "/run/openrc"

const (
	// Of an init that does not start the OpenRC beside it after all. Shorter in tests.
	defaultOpenRCPatience = 60 * time.Second
	// Between a runlevel's name and the mark that it is being started there is a moment.
	openRCSettles = 200 * time.Millisecond
)

var openRCPatience = defaultOpenRCPatience

// OpenRC returns OpenRC's program, empty if there is none.
func OpenRC() string {
	for _, program := range openRCPrograms {
		if info, err := os.Stat(program); err == nil && info.Mode().IsRegular() {
			return program
		}
	}
	return ""
}

// HasOpenRC says whether the image's init starts its services by OpenRC.
func HasOpenRC() bool { return !isSystemd() && OpenRC() != "" }

// wait returns when a runlevel after those of the start-up has been reached.
func (o openRC) wait(ctx context.Context) (State, error) {
	appearing, cancel := context.WithTimeout(ctx, openRCPatience)
	defer cancel()
	if err := awaitPath(appearing, o.path("softlevel")); err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return State{Name: running}, nil
		}
		return State{}, err
	}
	if err := o.awaitLevel(ctx); err != nil {
		return State{}, err
	}
	if failed := o.failed(); len(failed) > 0 {
		return State{degraded, failed}, nil
	}
	return State{Name: running}, nil
}

func (o openRC) path(name string) string { return filepath.Join(string(o), name) }

// awaitLevel looks again after every change in the directory.
func (o openRC) awaitLevel(ctx context.Context) error {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return os.NewSyscallError("inotify_init1", err)
	}
	events := os.NewFile(uintptr(fd), "inotify")
	defer events.Close()
	const changes = unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_TO | unix.IN_CLOSE_WRITE
	if _, err := unix.InotifyAddWatch(fd, string(o), changes); err != nil {
		return fmt.Errorf("watch %s: %w", o, err)
	}
	buffer := make([]byte, 4<<10)
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// A reading without a deadline ends with the context; one with a deadline ends by itself.
		deadline := time.Time{}
		isReached := o.isReached()
		if isReached {
			deadline = time.Now().Add(openRCSettles)
		}
		events.SetReadDeadline(deadline)
		stop := context.AfterFunc(ctx, func() { events.SetReadDeadline(time.Unix(1, 0)) })
		_, err := events.Read(buffer)
		stop()
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case isReached && errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		default:
			return fmt.Errorf("read file events: %w", err)
		}
	}
}

// passing are the runlevels that a machine is in on its way up or down.
var passing = []string{"", "sysinit", "boot", "shutdown", "reboot"}

func (o openRC) isReached() bool {
	level, err := os.ReadFile(o.path("softlevel"))
	if err != nil || slices.Contains(passing, strings.TrimSpace(string(level))) {
		return false
	}
	_, err = os.Lstat(o.path("rc.starting"))
	return errors.Is(err, os.ErrNotExist)
}

func (o openRC) failed() []string {
	entries, _ := os.ReadDir(o.path("failed"))
	var names []string
	for _, entry := range entries {
		if name := entry.Name(); len(names) < maxFailedUnits {
			names = append(names, name[:min(len(name), maxUnitName)])
		}
	}
	return names
}
