package workspace

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
)

// A ship is a stream of bytes, integers little-endian:
//
//	u32 length, header (JSON)
//	u32 count, entries: u16 length, path; u8 kind, u16 mode, u64 size, i64 mtime in ns, 16 bytes version
//
// and, when it is applied, items until the end:
//
//	1, u32 entry, kind … version as above, content, u8 verdict   a file's content; the entry as it was when it was read;
//	                                                             verdict 0: it changed meanwhile and comes again
//	2, u16 length, path, u8 how, u16 mode, i64 mtime in ns, u64 size, content    a file of git; how: 0 unless there is one,
//	                                                                             1 in the place of it, 2 a directory
//	3                                                            the end; without it the ship was cut short
const (
	itemContent = 1
	itemGit     = 2
	itemEnd     = 3
)

const (
	gitCreate    = 0
	gitReplace   = 1
	gitDirectory = 2
)

const (
	maxHeaderBytes = 16 << 20
	maxEntries     = 2_000_000
	bufferBytes    = 256 << 10
)

// Header says what the ship is, and where git of the host stands.
type Header struct {
	GuestPath string `json:"guestPath"`
	// Overwrite prefers the host's side of every conflict
	Overwrite bool `json:"overwrite"`
	ReadOnly  bool `json:"readOnly"`
	// GitVersion is opaque: two ships with the same one have the same history, refs and index
	GitVersion string `json:"gitVersion"`
	// Head is the content of .git/HEAD: "ref: refs/heads/main" or an object id
	Head string `json:"head"`
	Refs []Ref  `json:"refs"`
	// Shallow are the commits whose parents were left behind
	Shallow []string `json:"shallow"`
	// GitBytes is how much of git's files will come, as far as it is known
	GitBytes uint64 `json:"gitBytes"`
}

// Ref is a branch or tag and its object id.
type Ref struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

// Ship is a header and its manifest.
type Ship struct {
	Header
	Entries []Entry
}

// readShip reads up to the items, which can be read from what it returns.
func readShip(in io.Reader) (*Ship, *items, error) {
	reader := bufio.NewReaderSize(in, bufferBytes)
	ship := &Ship{}
	if err := readHeader(reader, &ship.Header); err != nil {
		return nil, nil, invalid(err)
	}
	var err error
	if ship.Entries, err = readEntries(reader); err != nil {
		return nil, nil, invalid(err)
	}
	return ship, &items{reader: reader, entries: ship.Entries}, nil
}

func invalid(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: it was cut short", ErrInvalid)
	}
	return err
}

// readJSON reads a value with its length before it.
func readJSON(in io.Reader, value any) error {
	length, err := readLength(in, maxHeaderBytes)
	if err != nil {
		return err
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(in, text); err != nil {
		return err
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	return nil
}

func readHeader(in io.Reader, header *Header) error {
	if err := readJSON(in, header); err != nil {
		return err
	}
	if !path.IsAbs(header.GuestPath) || path.Clean(header.GuestPath) != header.GuestPath || header.GuestPath == "/" {
		return fmt.Errorf("%w: the guest path %s", ErrInvalid, quote(header.GuestPath))
	}
	for _, ref := range header.Refs {
		if err := checkPath(ref.Name, false); err != nil || !strings.HasPrefix(ref.Name, "refs/") {
			return fmt.Errorf("%w: the ref %s", ErrInvalid, quote(ref.Name))
		}
	}
	return nil
}

func readEntries(in *bufio.Reader) ([]Entry, error) {
	count, err := readLength(in, maxEntries)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, min(count, 65536))
	for range count {
		name, err := readPath(in, false)
		if err != nil {
			return nil, err
		}
		entry, err := readMeta(in)
		if err != nil {
			return nil, err
		}
		entry.Path = name
		entries = append(entries, entry)
	}
	return entries, nil
}

func readMeta(in *bufio.Reader) (Entry, error) {
	bytes, err := in.Peek(entryBytes - 2)
	if err != nil {
		return Entry{}, err
	}
	defer in.Discard(entryBytes - 2)
	return metaOf(bytes)
}

func readPath(in *bufio.Reader, isGit bool) (string, error) {
	var length [2]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return "", err
	}
	text := make([]byte, binary.LittleEndian.Uint16(length[:]))
	if _, err := io.ReadFull(in, text); err != nil {
		return "", err
	}
	name := string(text)
	return name, checkPath(name, isGit)
}

func readLength(in io.Reader, most uint32) (uint32, error) {
	var bytes [4]byte
	if _, err := io.ReadFull(in, bytes[:]); err != nil {
		return 0, err
	}
	length := binary.LittleEndian.Uint32(bytes[:])
	if length > most {
		return 0, fmt.Errorf("%w: a length of %d", ErrInvalid, length)
	}
	return length, nil
}
