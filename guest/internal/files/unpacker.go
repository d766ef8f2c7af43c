package files

import (
	"archive/tar"
	"errors"
	"io"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// unpacker puts entries below one directory.
type unpacker struct {
	root *below
	// What the user calls the directory, for messages
	shown string
	// The directory itself takes the attributes of the archive's "."
	isNew      bool
	keepOwners bool
	entries    uint64
	buffer     []byte
	// Directories that entries still come into, outermost first: they get their attributes afterwards
	open []directory
}

type directory struct {
	name   string
	header *tar.Header
}

func openUnpacker(at string, keepOwners bool) (*unpacker, error) {
	root, err := openBelow(at)
	if err != nil {
		return nil, explain("open", at, err)
	}
	return &unpacker{root: root, shown: at, keepOwners: keepOwners, buffer: make([]byte, copyBytes)}, nil
}

func (u *unpacker) close() { u.root.close() }

func (u *unpacker) unpackAll(archive *tar.Reader, header *tar.Header) error {
	for {
		if err := u.unpack(header, archive); err != nil {
			return err
		}
		var err error
		header, err = archive.Next()
		if errors.Is(err, io.EOF) {
			return u.leave("")
		}
		if err != nil {
			return err
		}
	}
}

func (u *unpacker) unpack(header *tar.Header, content io.Reader) error {
	name, err := safeName(header.Name)
	if err != nil {
		return err
	}
	if header.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	u.entries++
	if err := u.leave(name); err != nil {
		return err
	}
	if err := u.make(name, header, content); err != nil {
		return explain("write", u.show(name), err)
	}
	return nil
}

func (u *unpacker) make(name string, header *tar.Header, content io.Reader) error {
	if header.Typeflag == tar.TypeDir {
		return u.makeDirectory(name, header)
	}
	if name == "." {
		return fail(BadArchive, "the archive's directory itself is not a directory in it")
	}
	parent, base := path.Split(name)
	dir, err := u.root.enter(path.Clean(parent))
	if err != nil {
		return err
	}
	entry := &entry{dir: dir, name: base, header: header, keepOwner: u.keepOwners, isHidden: u.isNew, buffer: u.buffer}
	switch header.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		return entry.writeFile(content)
	case tar.TypeSymlink:
		return entry.makeLink()
	case tar.TypeLink:
		return u.makeHardLink(entry)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return entry.makeSpecial()
	}
	return fail(BadArchive, "cannot unpack %q: an archive's entry of type %q is unknown", u.show(name), header.Typeflag)
}

// makeDirectory leaves one that is there, or a link to one, as it is.
func (u *unpacker) makeDirectory(name string, header *tar.Header) error {
	if name == "." {
		if u.isNew {
			u.open = append(u.open, directory{name, header})
		}
		return nil
	}
	parent, base := path.Split(name)
	dir, err := u.root.enter(path.Clean(parent))
	if err != nil {
		return err
	}
	err = unix.Mkdirat(dir, base, 0o700)
	if errors.Is(err, unix.EEXIST) {
		_, err = u.root.enter(name)
		return err
	}
	if err == nil {
		u.open = append(u.open, directory{name, header})
	}
	return err
}

// makeHardLink links to a file below the destination, never through a link.
func (u *unpacker) makeHardLink(entry *entry) error {
	to, err := safeName(entry.header.Linkname)
	if err != nil {
		return err
	}
	fd, err := u.root.openFile(to)
	if err != nil {
		return fail(BadArchive, "cannot link %q to %.200q: no such file is in the archive", entry.name, to)
	}
	defer unix.Close(fd)
	return entry.makeHardLink(fd)
}

// leave gives directories that no more entries come into what the archive says of them.
func (u *unpacker) leave(next string) error {
	for len(u.open) > 0 {
		last := u.open[len(u.open)-1]
		if next != "" && (last.name == "." || strings.HasPrefix(next, last.name+"/")) {
			return nil
		}
		u.open = u.open[:len(u.open)-1]
		fd, err := u.root.enter(last.name)
		if err == nil {
			err = settle(fd, last.header, u.keepOwners)
		}
		if err != nil {
			return explain("write", u.show(last.name), err)
		}
	}
	return nil
}

func (u *unpacker) show(name string) string { return path.Join(u.shown, name) }

// safeName is a name without a way out; openat2 sees to the links in it.
func safeName(name string) (string, error) {
	if strings.HasPrefix(name, "/") {
		return "", fail(BadArchive, "the archive has an absolute name: %.200q", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", fail(BadArchive, `the archive has a name with "..": %.200q`, name)
		}
	}
	if len(name) == 0 || len(name) > maxPath || strings.ContainsRune(name, 0) {
		return "", fail(BadArchive, "the archive has a name of %d bytes", len(name))
	}
	return path.Clean(name), nil
}
