package readiness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// awaitPath waits until something exists at path. It watches every directory on the way that exists; which ones do is
// looked at again after each event.
func awaitPath(ctx context.Context, path string) error {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return os.NewSyscallError("inotify_init1", err)
	}
	events := os.NewFile(uintptr(fd), "inotify")
	defer events.Close()
	stop := context.AfterFunc(ctx, func() { events.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	buffer := make([]byte, 4<<10)
	for {
		watchWay(fd, path)
		// Looked for after the watches were set, from the top down: what appears later makes an event.
		if _, err := os.Lstat(path); err == nil {
			return nil
		}
		if _, err := events.Read(buffer); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("read file events: %w", err)
		}
	}
}

// watchWay is repeatable: a directory that is watched stays so.
func watchWay(fd int, path string) {
	dir := filepath.Dir(path)
	if dir != "/" {
		watchWay(fd, dir)
	}
	unix.InotifyAddWatch(fd, dir, unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_ONLYDIR)
}
