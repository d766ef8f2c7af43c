package workspace

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Kind of a file that is shipped.
type Kind uint8

const (
	File Kind = 1
	Link Kind = 2
	// Directory of a submodule whose content is not shipped
	Directory Kind = 3
)

// entryBytes is the length of an entry without its path.
const entryBytes = 2 + 1 + 2 + 8 + 8 + versionBytes

const (
	versionBytes = 16
	maxPathBytes = 4095
	// More than ext4 takes
	maxFileBytes = 16 << 40
)

// Entry is one file as the host has it. Two equal entries mean that the host did not change the file in between.
type Entry struct {
	Path    string
	Kind    Kind
	Mode    uint16
	Size    uint64
	MtimeNs int64
	// Version is the host's own, and opaque
	Version [versionBytes]byte
}

func appendEntry(to []byte, entry Entry) []byte {
	to = binary.LittleEndian.AppendUint16(to, uint16(len(entry.Path)))
	to = append(to, entry.Path...)
	return appendMeta(to, entry)
}

func appendMeta(to []byte, entry Entry) []byte {
	to = append(to, byte(entry.Kind))
	to = binary.LittleEndian.AppendUint16(to, entry.Mode)
	to = binary.LittleEndian.AppendUint64(to, entry.Size)
	to = binary.LittleEndian.AppendUint64(to, uint64(entry.MtimeNs))
	return append(to, entry.Version[:]...)
}

// metaOf reads what follows the path.
func metaOf(bytes []byte) (entry Entry, err error) {
	entry.Kind = Kind(bytes[0])
	entry.Mode = binary.LittleEndian.Uint16(bytes[1:]) & 0o777
	entry.Size = binary.LittleEndian.Uint64(bytes[3:])
	entry.MtimeNs = int64(binary.LittleEndian.Uint64(bytes[11:]))
	copy(entry.Version[:], bytes[19:])
	if entry.Kind < File || entry.Kind > Directory || entry.Size > maxFileBytes {
		return entry, fmt.Errorf("%w: a file of kind %d and %d bytes", ErrInvalid, entry.Kind, entry.Size)
	}
	return entry, nil
}

// checkPath accepts what stays below the workspace: relative, without empty, "." and ".." parts. Whether a part may be and must be
// ".git" tells files of the checkout from those of git.
func checkPath(path string, isGit bool) error {
	hasGit := false
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsRune(part, 0) {
			return fmt.Errorf("%w: the path %s", ErrInvalid, quote(path))
		}
		hasGit = hasGit || part == gitDir
	}
	if hasGit != isGit || len(path) > maxPathBytes {
		return fmt.Errorf("%w: the path %s", ErrInvalid, quote(path))
	}
	return nil
}

// quote makes a path readable as git does: names with control characters, quotes or bytes beyond ASCII in C's escapes.
func quote(path string) string {
	plain := true
	var text strings.Builder
	for _, char := range []byte(path) {
		switch {
		case char == '"' || char == '\\':
			plain = false
			text.WriteByte('\\')
			text.WriteByte(char)
		case char == '\n':
			plain = false
			text.WriteString(`\n`)
		case char == '\t':
			plain = false
			text.WriteString(`\t`)
		case char < 0x20 || char >= 0x7f:
			plain = false
			fmt.Fprintf(&text, `\%03o`, char)
		default:
			text.WriteByte(char)
		}
	}
	if plain {
		return path
	}
	return `"` + text.String() + `"`
}
