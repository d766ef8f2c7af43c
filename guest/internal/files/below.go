package files

import (
	"errors"
	"path"

	"golang.org/x/sys/unix"
)

// below opens what lies below one directory, and remembers the directory it opened last: entries come in order.
type below struct {
	root    int
	resolve uint64
	last    string
	lastFD  int
}

func openBelow(at string) (*below, error) {
	fd, err := unix.Open(at, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	b := &below{root: fd, resolve: unix.RESOLVE_BENEATH, last: ".", lastFD: fd}
	if at == "/" {
		b.resolve = unix.RESOLVE_IN_ROOT // Out of it nothing leads, and its absolute links are good ones.
	}
	return b, nil
}

func (b *below) close() {
	b.forget()
	unix.Close(b.root)
}

func (b *below) forget() {
	if b.lastFD != b.root {
		unix.Close(b.lastFD)
	}
	b.last, b.lastFD = ".", b.root
}

// enter opens a directory, and makes it and those before it where they are missing. The descriptor stays b's and is good
// until the next call.
func (b *below) enter(name string) (int, error) {
	if name == b.last {
		return b.lastFD, nil
	}
	b.forget()
	if name == "." {
		return b.root, nil
	}
	fd, err := b.open(name, unix.O_DIRECTORY)
	if errors.Is(err, unix.ENOENT) {
		fd, err = b.enterAnew(name)
	}
	if err != nil {
		return -1, err
	}
	b.last, b.lastFD = name, fd
	return fd, nil
}

func (b *below) enterAnew(name string) (int, error) {
	parent, err := b.enter(path.Dir(name))
	if err != nil {
		return -1, err
	}
	if err := unix.Mkdirat(parent, path.Base(name), parentMode); err != nil && !errors.Is(err, unix.EEXIST) {
		return -1, err
	}
	b.forget()
	return b.open(name, unix.O_DIRECTORY)
}

// openFile opens a plain file for being linked to.
func (b *below) openFile(name string) (int, error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: b.resolve}
	fd, err := unix.Openat2(b.root, name, &how)
	if err != nil {
		return -1, err
	}
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFREG {
		unix.Close(fd)
		return -1, errors.Join(err, unix.EINVAL)
	}
	return fd, nil
}

func (b *below) open(name string, flags uint64) (int, error) {
	how := unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: b.resolve | unix.RESOLVE_NO_MAGICLINKS}
	for {
		fd, err := unix.Openat2(b.root, name, &how)
		// EAGAIN: something was renamed meanwhile, and the kernel could not tell whether it led out.
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}
