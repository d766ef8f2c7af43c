// Package files packs and unpacks trees as tar streams.
//
// What is unpacked stays below its destination: every directory on the way is opened by openat2(2), which refuses to be
// led out, and what is made is made by name in that directory, never through a link. A file is written under a name of
// its own and then renamed, so under its final name there is the old one or the whole new one; a tree that is new gets its
// final name when all of it is there. A name that was left by a guest that was killed begins with ".banger-" and ends with
// ".part".
package files

import (
	"archive/tar"
	"bufio"
	"errors"
	"io"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// Placed is what came of an archive.
type Placed struct {
	Path    string
	Entries uint64
}

// Put unpacks an archive and reads it to its end. An error of the reader is returned as it is.
func Put(destination Destination, archive io.Reader) (Placed, error) {
	if err := destination.check(); err != nil {
		return Placed{}, err
	}
	// Headers are read 512 bytes at a time, and each read of a pipe wakes who writes to it.
	archive = bufio.NewReaderSize(archive, copyBytes)
	counted := &countingReader{from: archive}
	placed, err := put(destination, tar.NewReader(counted), counted)
	if err != nil {
		return placed, explainTar(err)
	}
	_, err = io.Copy(io.Discard, archive)
	return placed, err
}

func put(destination Destination, archive *tar.Reader, counted *countingReader) (Placed, error) {
	first, err := archive.Next()
	switch {
	case errors.Is(err, io.EOF) && counted.bytes == 0:
		return Placed{}, fail(BadArchive, "there is no archive: not a byte came")
	case errors.Is(err, io.EOF) && !destination.Archive:
		return Placed{}, fail(BadArchive, "the archive is empty")
	case errors.Is(err, io.EOF):
		return Placed{Path: destination.Path}, nil
	case err != nil:
		return Placed{}, err
	}
	if destination.Archive {
		return putArchive(destination, archive, first)
	}
	if path.Clean(first.Name) != "." {
		return Placed{}, fail(BadArchive, "the first entry is %.80q", first.Name)
	}
	isDir := first.Typeflag == tar.TypeDir
	to, err := destination.choose(isDir)
	if err != nil {
		return Placed{}, err
	}
	if !isDir {
		return putOne(to, destination, archive, first)
	}
	return putTree(to, destination, archive, first)
}

func putArchive(destination Destination, archive *tar.Reader, first *tar.Header) (Placed, error) {
	info, err := os.Stat(destination.Path)
	if err != nil {
		return Placed{}, explain("unpack into", destination.Path, err)
	}
	if !info.IsDir() {
		return Placed{}, fail(WrongKind, "cannot unpack into %q: it is not a directory", destination.Path)
	}
	unpacker, err := openUnpacker(path.Clean(destination.Path), destination.KeepOwners)
	if err != nil {
		return Placed{}, err
	}
	defer unpacker.close()
	err = unpacker.unpackAll(archive, first)
	return Placed{destination.Path, unpacker.entries}, err
}

func putOne(to target, destination Destination, archive *tar.Reader, header *tar.Header) (Placed, error) {
	parent, name := path.Split(to.path)
	unpacker, err := openUnpacker(path.Clean(parent), destination.KeepOwners)
	if err != nil {
		return Placed{}, err
	}
	defer unpacker.close()
	header.Name = name
	if err := unpacker.unpack(header, archive); err != nil {
		return Placed{}, err
	}
	second, err := archive.Next()
	if err == nil {
		return Placed{}, fail(BadArchive, "the archive is of one file and goes on with %.80q", second.Name)
	}
	if !errors.Is(err, io.EOF) {
		return Placed{}, err
	}
	return Placed{to.path, 1}, nil
}

// putTree merges into a directory that is there, or makes a new one out of sight and shows it when it is whole.
func putTree(to target, destination Destination, archive *tar.Reader, header *tar.Header) (placed Placed, err error) {
	at := to.path
	if !to.merges {
		at = path.Join(parentOf(to.path), temporaryName())
		if err := os.Mkdir(at, 0o700); err != nil {
			return Placed{}, explain("make", to.path, err)
		}
		defer func() {
			if err != nil {
				os.RemoveAll(at)
			}
		}()
	}
	unpacker, err := openUnpacker(at, destination.KeepOwners)
	if err != nil {
		return Placed{}, err
	}
	defer unpacker.close()
	unpacker.isNew, unpacker.shown = !to.merges, to.path
	if err := unpacker.unpackAll(archive, header); err != nil {
		return Placed{}, err
	}
	if !to.merges {
		if err := unix.Renameat2(unix.AT_FDCWD, at, unix.AT_FDCWD, to.path, unix.RENAME_NOREPLACE); err != nil {
			return Placed{}, explain("write", to.path, err)
		}
	}
	return Placed{to.path, unpacker.entries}, nil
}

type countingReader struct {
	from  io.Reader
	bytes int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.bytes += int64(n)
	return n, err
}
