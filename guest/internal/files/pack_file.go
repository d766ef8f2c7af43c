package files

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// packFile writes a file's header and bytes. A file that has names before is a hard link to the first of them.
func (p *packer) packFile(at place, header *tar.Header, before *unix.Stat_t) error {
	id := inode{before.Dev, before.Ino}
	if before.Nlink > 1 {
		if first, known := p.linked[id]; known {
			header.Typeflag, header.Linkname, header.PAXRecords = tar.TypeLink, first, nil
			return p.archive.WriteHeader(header)
		}
	}
	// O_NONBLOCK, for what was a file a moment ago and may be a FIFO now.
	fd, err := unix.Openat(at.dir, at.base, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return p.vanished(at, err)
	}
	file := os.NewFile(uintptr(fd), at.path)
	defer file.Close()
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return explain("read", at.path, err)
	}
	if stat.Ino != before.Ino || stat.Dev != before.Dev || stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return changed(at)
	}
	header.Typeflag, header.Size = tar.TypeReg, stat.Size
	if err := p.writeContent(at, header, file, &stat); err != nil {
		return err
	}
	if before.Nlink > 1 {
		p.linked[id] = header.Name
	}
	return nil
}

func (p *packer) writeContent(at place, header *tar.Header, file *os.File, before *unix.Stat_t) error {
	if before.Size == 0 {
		return p.writeUnmeasured(at, header, file)
	}
	segments, err := dataSegments(int(file.Fd()), before)
	if err != nil {
		return explain("read", at.path, err)
	}
	if segments != nil {
		err = p.writeSparse(header, file, segments)
	} else if err = p.archive.WriteHeader(header); err == nil {
		err = p.copy(p.archive, io.NewSectionReader(file, 0, header.Size), header.Size)
	}
	if errors.Is(err, errShrank) {
		return changed(at)
	}
	if err != nil {
		return explain("read", at.path, err)
	}
	return unchanged(at, file, before)
}

// maxUnmeasured is how much a file may have that says it has nothing: those of /proc and /sys do.
const maxUnmeasured = 1 << 20

func (p *packer) writeUnmeasured(at place, header *tar.Header, file *os.File) error {
	content, err := io.ReadAll(io.LimitReader(file, maxUnmeasured+1))
	if err != nil {
		return explain("read", at.path, err)
	}
	if len(content) > maxUnmeasured {
		return changed(at)
	}
	header.Size = int64(len(content))
	if err := p.archive.WriteHeader(header); err != nil {
		return err
	}
	return p.copy(p.archive, bytes.NewReader(content), header.Size)
}

var errShrank = errors.New("it has fewer bytes than it had")

func (p *packer) copy(to io.Writer, from io.Reader, size int64) error {
	n, err := io.CopyBuffer(onlyWriter{to}, onlyReader{io.LimitReader(from, size)}, p.buffer)
	if err == nil && n < size {
		return errShrank
	}
	return err
}

// unchanged compares a file with what it was when its first byte was read.
func unchanged(at place, file *os.File, before *unix.Stat_t) error {
	var after unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &after); err != nil {
		return explain("read", at.path, err)
	}
	if after.Size != before.Size || after.Mtim != before.Mtim {
		return changed(at)
	}
	return nil
}

func changed(at place) error {
	return fail(Changed, "cannot read %q: it changed while it was copied", at.path)
}

// onlyReader hides what would let io.Copy choose a buffer of its own.
type onlyReader struct{ io.Reader }
