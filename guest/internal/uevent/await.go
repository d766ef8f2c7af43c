// Package uevent waits for devices by the kernel's own announcements.
package uevent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const kernelGroup = 1

// Await calls found at once and after every device event until it says true or fails, or the context ends. Events that
// come between the first look and the wait are not missed: the socket is open before.
func Await(ctx context.Context, found func() (bool, error)) error {
	events, err := open()
	if err != nil {
		return err
	}
	defer events.Close()
	stop := context.AfterFunc(ctx, func() { events.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	// The content does not matter: whoever waits looks at sysfs.
	message := make([]byte, 8<<10)
	for {
		if done, err := found(); done || err != nil {
			return err
		}
		_, err := events.Read(message)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// Events were lost because they came too fast; looking again makes up for it.
		if err != nil && !errors.Is(err, unix.ENOBUFS) {
			return fmt.Errorf("read device events: %w", err)
		}
	}
}

func open() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK,
		unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: kernelGroup}); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("bind", err)
	}
	return os.NewFile(uintptr(fd), "uevents"), nil
}
