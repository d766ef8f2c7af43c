package files

import (
	"archive/tar"
	"io"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// Source is what is to be packed.
type Source struct {
	// Absolute
	Path string
	// A link at Path itself is followed
	Follow bool
	// Entries begin with the name of what is packed, else with "."
	Named bool
}

// Kind is what a path is.
type Kind int

const (
	File Kind = iota
	Directory
	Link
	Special
)

// Found is what is there to be packed.
type Found struct {
	Kind Kind
	// Last part of the path, "/" for the root
	Name string
	// Of a file
	SizeBytes int64

	source Source
	path   string
	stat   unix.Stat_t
}

// Find looks at what is to be packed.
func Find(source Source) (Found, error) {
	if !path.IsAbs(source.Path) || len(source.Path) > maxPath || strings.ContainsRune(source.Path, 0) {
		return Found{}, fail(Other, "%.80q is not an absolute path of at most %d bytes", source.Path, maxPath)
	}
	found := Found{source: source, path: source.Path, Name: path.Base(path.Clean(source.Path))}
	flags := unix.AT_SYMLINK_NOFOLLOW
	if source.Follow {
		flags = 0
	}
	// The path as given: with a slash at its end the kernel follows a link, and refuses a file.
	if err := unix.Fstatat(unix.AT_FDCWD, source.Path, &found.stat, flags); err != nil {
		return Found{}, explain("read", source.Path, err)
	}
	switch found.stat.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		found.Kind, found.SizeBytes = File, found.stat.Size
	case unix.S_IFDIR:
		found.Kind = Directory
	case unix.S_IFLNK:
		found.Kind = Link
	default:
		found.Kind = Special
	}
	if found.Kind != Link {
		found.path = realPath(source.Path)
	}
	found.path = path.Clean(found.path)
	return found, nil
}

// Skipped is what was left out.
type Skipped struct {
	Names []string
	Count uint64
}

const maxSkippedNames = 20

func (s *Skipped) add(name string) {
	s.Count++
	if len(s.Names) < maxSkippedNames {
		s.Names = append(s.Names, name)
	}
}

// Get packs what was found.
func Get(found Found, to io.Writer) (Skipped, error) {
	name := "."
	if found.source.Named {
		name = strings.TrimPrefix(found.Name, "/")
		if name == "" {
			name = "."
		}
	}
	parent, err := os.Open(parentOf(found.path))
	if err != nil {
		return Skipped{}, explain("read", found.path, err)
	}
	defer parent.Close()
	packer := &packer{to: to, archive: tar.NewWriter(to), linked: map[inode]string{}, buffer: make([]byte, copyBytes)}
	here := place{dir: int(parent.Fd()), base: path.Base(found.path), path: found.path, name: name}
	if err := packer.pack(here, found.stat.Dev); err != nil {
		return packer.skipped, err
	}
	return packer.skipped, packer.archive.Close()
}
