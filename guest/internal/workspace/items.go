package workspace

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// items are the second half of a ship. The content of one is read before the next is asked for.
type items struct {
	reader  *bufio.Reader
	entries []Entry
}

// item is one file to be written.
type item struct {
	isGit bool
	// Of a content: its place in the manifest
	index uint32
	entry Entry
	// Of a file of git: whether it takes the place of one that is there
	replaces bool
}

// next returns nil at the end.
func (i *items) next() (*item, error) {
	kind, err := i.reader.ReadByte()
	if err != nil {
		return nil, invalid(err)
	}
	switch kind {
	case itemContent:
		return i.content()
	case itemGit:
		return i.git()
	case itemEnd:
		return nil, nil
	}
	return nil, fmt.Errorf("%w: an item of kind %d", ErrInvalid, kind)
}

func (i *items) content() (*item, error) {
	index, err := readLength(i.reader, maxEntries)
	if err != nil {
		return nil, invalid(err)
	}
	if int(index) >= len(i.entries) {
		return nil, fmt.Errorf("%w: the content of file %d of %d", ErrInvalid, index, len(i.entries))
	}
	entry, err := readMeta(i.reader)
	if err != nil {
		return nil, invalid(err)
	}
	entry.Path = i.entries[index].Path
	return &item{index: index, entry: entry}, nil
}

func (i *items) git() (*item, error) {
	name, err := readPath(i.reader, true)
	if err != nil {
		return nil, invalid(err)
	}
	var fixed [1 + 2 + 8 + 8]byte
	if _, err := io.ReadFull(i.reader, fixed[:]); err != nil {
		return nil, invalid(err)
	}
	kind := File
	if fixed[0] == gitDirectory {
		kind = Directory
	}
	return &item{isGit: true, replaces: fixed[0] == gitReplace, entry: Entry{
		Path:    name,
		Kind:    kind,
		Mode:    binary.LittleEndian.Uint16(fixed[1:]) & 0o777,
		MtimeNs: int64(binary.LittleEndian.Uint64(fixed[3:])),
		Size:    binary.LittleEndian.Uint64(fixed[11:]),
	}}, nil
}

// body is the content of the item that was returned last.
func (i *items) body(of *item) io.Reader {
	return io.LimitReader(i.reader, int64(of.entry.Size))
}

// verdict follows the body of a content: whether the file stood still while it was read.
func (i *items) verdict() (bool, error) {
	verdict, err := i.reader.ReadByte()
	return verdict == 1, invalid(err)
}
