package files

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Destination is where an archive is to be unpacked, as cp(1) takes its last argument.
type Destination struct {
	// Absolute; a slash at its end says that it is a directory
	Path string
	// What the one thing in the archive is called in a directory at Path; empty: it is that directory's contents
	Name string
	// Any archive, into the directory at Path
	Archive bool
	// Owners by number from the archive; else root
	KeepOwners bool
	// Missing directories before Path are made
	MakeParents bool
}

const (
	maxPath    = 4096
	parentMode = 0o755
)

// target is a path that is decided on.
type target struct {
	path string
	// A directory is there, into which a directory is merged
	merges bool
}

// check refuses what cannot work, before anything is touched.
func (d Destination) check() error {
	switch {
	case !path.IsAbs(d.Path) || len(d.Path) > maxPath || strings.ContainsRune(d.Path, 0):
		return fail(Other, "%.80q is not an absolute path of at most %d bytes", d.Path, maxPath)
	case d.Name != "" && !isName(d.Name):
		return fail(Other, "%.80q is not a file's name", d.Name)
	}
	return nil
}

func isName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= unix.NAME_MAX && !strings.ContainsAny(name, "/\x00")
}

// choose decides where one thing goes: into a directory that is there, over a file, or to a new name in a directory that is
// there. A directory never replaces a file, nor a file a directory.
func (d Destination) choose(isDir bool) (target, error) {
	info, err := os.Stat(d.Path)
	switch {
	case err == nil && info.IsDir():
		return d.into(isDir)
	case err == nil && isDir:
		return target{}, fail(WrongKind, "cannot copy a directory over %q: it is a file", d.Path)
	case err == nil:
		return target{path: realPath(d.Path)}, nil
	case !isMissing(err):
		return target{}, explain("write", d.Path, err)
	case strings.HasSuffix(d.Path, "/") && !isDir:
		return target{}, fail(NotFound, "cannot copy into %q: there is no such directory", d.Path)
	}
	return d.anew()
}

func (d Destination) into(isDir bool) (target, error) {
	at := path.Clean(d.Path)
	if d.Name == "" {
		if !isDir {
			return target{}, fail(WrongKind, "cannot copy a file over %q: it is a directory", at)
		}
		return target{path: at, merges: true}, nil
	}
	at = path.Join(at, d.Name)
	info, err := os.Lstat(at)
	switch {
	case isMissing(err):
		return target{path: at}, nil
	case err != nil:
		return target{}, explain("write", at, err)
	case isDir && !info.IsDir():
		return target{}, fail(WrongKind, "cannot copy a directory over %q: it is not a directory", at)
	case !isDir && info.IsDir():
		return target{}, fail(WrongKind, "cannot copy a file over %q: it is a directory", at)
	}
	return target{path: at, merges: isDir}, nil
}

// anew is a name that is free, in a directory that is there.
func (d Destination) anew() (target, error) {
	at := path.Clean(d.Path)
	parent := parentOf(at)
	if d.MakeParents {
		if err := os.MkdirAll(parent, parentMode); err != nil {
			return target{}, explain("make", parent, err)
		}
	}
	info, err := os.Stat(parent)
	switch {
	case isMissing(err):
		return target{}, fail(NotFound, "cannot write %q: there is no directory %q", at, parent)
	case err != nil:
		return target{}, explain("write", at, err)
	case !info.IsDir():
		return target{}, fail(WrongKind, "cannot write %q: %q is not a directory", at, parent)
	}
	return target{path: at}, nil
}

func parentOf(at string) string { return path.Dir(path.Clean(at)) }

// realPath is where the links of a path lead: a copy over a link writes the file behind it, as cp does.
func realPath(at string) string {
	if real, err := filepath.EvalSymlinks(at); err == nil {
		return real
	}
	return at
}
