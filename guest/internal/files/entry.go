package files

import (
	"archive/tar"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// entry is one thing that is made in an open directory: under a temporary name, which then becomes its own.
type entry struct {
	dir       int
	name      string
	header    *tar.Header
	keepOwner bool
	// All of the tree has a temporary name, so that its files need none of their own
	isHidden bool
	buffer   []byte
}

const copyBytes = 64 << 10

func temporaryName() string {
	random := make([]byte, 8)
	rand.Read(random)
	return ".banger-" + hex.EncodeToString(random) + ".part"
}

func (e *entry) writeFile(content io.Reader) error {
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	return e.place(func(name string) error {
		fd, err := unix.Openat(e.dir, name, flags, modeOf(e.header)&0o777)
		if err != nil {
			return err
		}
		file := os.NewFile(uintptr(fd), e.name)
		err = e.fill(file, content)
		if err == nil {
			err = settle(fd, e.header, e.keepOwner)
		}
		return errors.Join(err, file.Close())
	})
}

func (e *entry) fill(file *os.File, content io.Reader) error {
	if isSparse(e.header) {
		return fillSparse(file, content, e.header.Size, e.buffer)
	}
	_, err := io.CopyBuffer(onlyWriter{file}, content, e.buffer)
	return err
}

func (e *entry) makeLink() error {
	if len(e.header.Linkname) == 0 || len(e.header.Linkname) > maxPath {
		return fail(BadArchive, "the link %.200q leads nowhere", e.name)
	}
	return e.place(func(name string) error {
		if err := unix.Symlinkat(e.header.Linkname, e.dir, name); err != nil {
			return err
		}
		if e.keepOwner {
			if err := unix.Fchownat(e.dir, name, e.header.Uid, e.header.Gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
				return err
			}
		}
		return unix.UtimesNanoAt(e.dir, name, timesOf(e.header), unix.AT_SYMLINK_NOFOLLOW)
	})
}

func (e *entry) makeHardLink(to int) error {
	return e.place(func(name string) error {
		return unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", to), e.dir, name, unix.AT_SYMLINK_FOLLOW)
	})
}

// makeSpecial makes what only an archive with owners brings: whoever sends one means it.
func (e *entry) makeSpecial() error {
	if !e.keepOwner {
		return fail(BadArchive, "the archive has a device or FIFO: %.200q", e.name)
	}
	kinds := map[byte]uint32{tar.TypeChar: unix.S_IFCHR, tar.TypeBlock: unix.S_IFBLK, tar.TypeFifo: unix.S_IFIFO}
	device := unix.Mkdev(uint32(e.header.Devmajor), uint32(e.header.Devminor))
	return e.place(func(name string) error {
		mode := kinds[e.header.Typeflag] | modeOf(e.header)
		if err := unix.Mknodat(e.dir, name, mode, int(device)); err != nil {
			return err
		}
		err := unix.Fchownat(e.dir, name, e.header.Uid, e.header.Gid, unix.AT_SYMLINK_NOFOLLOW)
		// Unlike a link's, its permissions count, and mknod has left out the umask's.
		return errors.Join(err, unix.Fchmodat(e.dir, name, modeOf(e.header), 0),
			unix.UtimesNanoAt(e.dir, name, timesOf(e.header), unix.AT_SYMLINK_NOFOLLOW))
	})
}

func (e *entry) place(make func(name string) error) error {
	if e.isHidden {
		// An archive may have a name twice; only then there is something already.
		if err := make(e.name); !errors.Is(err, unix.EEXIST) {
			return err
		}
	}
	temporary := temporaryName()
	err := make(temporary)
	if err == nil {
		err = unix.Renameat(e.dir, temporary, e.dir, e.name)
	}
	// After a good rename it is there only where both names were the same file already: then rename(2) does nothing.
	if err != nil || e.header.Typeflag == tar.TypeLink {
		unix.Unlinkat(e.dir, temporary, 0)
	}
	return err
}

// settle gives a file or directory its owner, permissions and time, in the order in which none undoes another.
func settle(fd int, header *tar.Header, keepOwner bool) error {
	if keepOwner {
		if err := unix.Fchown(fd, header.Uid, header.Gid); err != nil {
			return err
		}
	}
	// To change what is right already would cost the file system as much as to make the file.
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return err
	}
	if stat.Mode&0o7777 != modeOf(header) {
		if err := unix.Fchmod(fd, modeOf(header)); err != nil {
			return err
		}
	}
	return setTimes(fd, timesOf(header))
}

// setTimes is futimens(3), for which x/sys has no name: utimensat(2) without a path.
func setTimes(fd int, times []unix.Timespec) error {
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(&times[0])), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func modeOf(header *tar.Header) uint32 { return uint32(header.Mode) & 0o7777 }

func timesOf(header *tar.Header) []unix.Timespec {
	modified := unix.NsecToTimespec(header.ModTime.UnixNano())
	return []unix.Timespec{{Nsec: unix.UTIME_NOW}, modified}
}

// onlyWriter hides what would let io.Copy choose a buffer of its own.
type onlyWriter struct{ io.Writer }
