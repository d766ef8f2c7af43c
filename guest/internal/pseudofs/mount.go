// Package pseudofs mounts the kernel's own file systems. The agent does it twice: in the initrd for itself, and again in
// the image's root. They have no state of their own, so the second mount shows the same as the first, and nothing has to
// be moved while somebody looks for /dev/null.
package pseudofs

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"banger.dev/guest/internal/dirs"
)

type pseudo struct {
	source string
	target string
	kind   string
	flags  uintptr
	data   string
	// A kernel built without it still makes a usable machine.
	optional bool
}

const quiet = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

var basic = []pseudo{
	{"devtmpfs", "/dev", "devtmpfs", unix.MS_NOSUID, "mode=0755", false},
	{"proc", "/proc", "proc", quiet, "", false},
	{"sysfs", "/sys", "sysfs", quiet, "", false},
	{"devpts", "/dev/pts", "devpts", unix.MS_NOSUID | unix.MS_NOEXEC, "mode=0620,gid=5,ptmxmode=0666", true},
	{"tmpfs", "/dev/shm", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=1777", true},
	{"tmpfs", "/run", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=0755", false},
}

var withoutInit = []pseudo{
	{"cgroup2", "/sys/fs/cgroup", "cgroup2", quiet, "nsdelegate", true},
	{"mqueue", "/dev/mqueue", "mqueue", quiet, "", true},
}

// links are what POSIX shells and many programs expect in /dev.
var links = map[string]string{
	"/dev/fd":     "/proc/self/fd",
	"/dev/stdin":  "/proc/self/fd/0",
	"/dev/stdout": "/proc/self/fd/1",
	"/dev/stderr": "/proc/self/fd/2",
}

// Mount mounts what every root needs. What is mounted already stays.
func Mount() error {
	for _, fs := range basic {
		if err := fs.mount(); err != nil {
			return err
		}
	}
	return makeLinks()
}

func makeLinks() error {
	for link, target := range links {
		if err := os.Symlink(target, link); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// MountBeside mounts the same without /run, which a step of a build may fill as the image's own.
func MountBeside() error {
	for _, fs := range basic {
		if fs.target == "/run" {
			continue
		}
		if err := fs.mount(); err != nil {
			return err
		}
	}
	return errors.Join(makeLinks(), MountWithoutInit())
}

// MountWithoutInit adds what an image's own init would mount for itself.
func MountWithoutInit() error {
	for _, fs := range withoutInit {
		if err := fs.mount(); err != nil {
			return err
		}
	}
	return nil
}

func (p pseudo) mount() error {
	err := dirs.Make(p.target, 0o755)
	if err == nil {
		err = unix.Mount(p.source, p.target, p.kind, p.flags, p.data)
	}
	if err == nil || errors.Is(err, unix.EBUSY) || p.optional {
		return nil
	}
	return fmt.Errorf("mount %s on %s: %w", p.kind, p.target, err)
}
