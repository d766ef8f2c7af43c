package workspace

import (
	"io"

	"golang.org/x/sys/unix"
)

// writeFile fills a new file. What is there must not be.
func (t *tree) writeFile(dir int, name string, entry Entry, body io.Reader) error {
	flags := unix.O_CREAT | unix.O_EXCL | unix.O_WRONLY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(dir, name, flags, uint32(entry.Mode))
	if err != nil {
		return err
	}
	err = t.fill(fd, entry, body)
	// The process's umask takes these away.
	if err == nil && entry.Mode&0o022 != 0 {
		err = unix.Fchmod(fd, uint32(entry.Mode))
	}
	if closed := unix.Close(fd); err == nil {
		err = closed
	}
	if err == nil {
		err = setTime(dir, name, entry.MtimeNs)
	}
	return err
}

func (t *tree) fill(fd int, entry Entry, body io.Reader) error {
	for left := entry.Size; left > 0; {
		piece := t.buffer[:min(uint64(len(t.buffer)), left)]
		if _, err := io.ReadFull(body, piece); err != nil {
			return invalid(err)
		}
		left -= uint64(len(piece))
		for len(piece) > 0 {
			n, err := unix.Write(fd, piece)
			if err != nil && err != unix.EINTR {
				return err
			}
			piece = piece[max(n, 0):]
		}
	}
	return nil
}

// makeLink makes a new symbolic link, whose target is its content.
func (t *tree) makeLink(dir int, name string, entry Entry, body io.Reader) error {
	if entry.Size > maxPathBytes {
		return errHole
	}
	target := make([]byte, entry.Size)
	if _, err := io.ReadFull(body, target); err != nil {
		return invalid(err)
	}
	if err := unix.Symlinkat(string(target), dir, name); err != nil {
		return err
	}
	return setTime(dir, name, entry.MtimeNs)
}

func setTime(dir int, name string, mtimeNs int64) error {
	mtime := unix.NsecToTimespec(mtimeNs)
	return unix.UtimesNanoAt(dir, name, []unix.Timespec{mtime, mtime}, unix.AT_SYMLINK_NOFOLLOW)
}
