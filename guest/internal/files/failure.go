package files

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Reason is what kind of failure it is, for the host to tell apart.
type Reason int

const (
	Other Reason = iota
	NotFound
	WrongKind
	DiskFull
	BadArchive
	Changed
)

// Failure is one that the user can do something about.
type Failure struct {
	Reason  Reason
	Message string
}

func (f *Failure) Error() string { return f.Message }

func fail(reason Reason, format string, args ...any) error {
	return &Failure{reason, fmt.Sprintf(format, args...)}
}

// explain names what could not be done with what, and how much room there is where the disk is full.
func explain(verb, path string, err error) error {
	var known *Failure
	var errno unix.Errno
	switch {
	case errors.As(err, &known):
		return err
	case !errors.As(err, &errno):
		return fmt.Errorf("cannot %s %q: %w", verb, path, err)
	}
	switch errno {
	case unix.ENOSPC, unix.EDQUOT:
		return fail(DiskFull, "cannot %s %q: its disk is full%s", verb, path, roomAt(path))
	case unix.ENOENT:
		return fail(NotFound, "cannot %s %q: there is no such file or directory", verb, path)
	case unix.ENOTDIR:
		return fail(WrongKind, "cannot %s %q: a part of the path is not a directory", verb, path)
	case unix.EISDIR, unix.ENOTEMPTY:
		return fail(WrongKind, "cannot %s %q: a directory is there", verb, path)
	case unix.EXDEV, unix.ELOOP:
		return fail(BadArchive, "cannot %s %q: a link leads out of the destination", verb, path)
	}
	return fail(Other, "cannot %s %q: %v", verb, path, errno)
}

// explainTar tells a damaged archive from a stream that broke, which stays as it is.
func explainTar(err error) error {
	switch {
	case errors.Is(err, tar.ErrHeader), errors.Is(err, tar.ErrFieldTooLong):
		return fail(BadArchive, "this is not a tar archive, or a damaged one")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fail(BadArchive, "the archive ends in the middle")
	}
	return err
}

// roomAt is for the end of a sentence; nothing when it cannot be told.
func roomAt(path string) string {
	for _, at := range []string{path, parentOf(path)} {
		var fs unix.Statfs_t
		if unix.Statfs(at, &fs) == nil {
			return fmt.Sprintf(" (%d MiB and %d inodes free)", fs.Bavail*uint64(fs.Bsize)>>20, fs.Ffree)
		}
	}
	return ""
}

func isMissing(err error) bool { return errors.Is(err, os.ErrNotExist) }
