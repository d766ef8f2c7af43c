package workspace

import (
	"errors"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

const gitDir = ".git"

// scratch is where a file is written before it is renamed into place; one at a time.
const scratch = gitDir + "/banger.tmp"

// tree is the directory of a workspace. No symbolic link below it is ever followed, so nothing outside of it is reached.
type tree struct {
	root int
	// The directory that was used last, which mostly is the next one, too; root's is ""
	last   int
	lastOf string
	buffer []byte
}

func newTree(root int) *tree {
	return &tree{root: root, last: -1, buffer: make([]byte, bufferBytes)}
}

func (t *tree) close() {
	if t == nil {
		return
	}
	t.forgetLast()
	unix.Close(t.root)
}

func (t *tree) forgetLast() {
	if t.last >= 0 {
		unix.Close(t.last)
	}
	t.last = -1
}

// dir opens a directory below the root; the descriptor is the tree's.
func (t *tree) dir(name string) (int, error) {
	if name == "." || name == "" {
		return t.root, nil
	}
	if t.last >= 0 && t.lastOf == name {
		return t.last, nil
	}
	fd, err := unix.Openat2(t.root, name, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return -1, err
	}
	t.forgetLast()
	t.last, t.lastOf = fd, name
	return fd, nil
}

// makeDir opens a directory and makes what is missing of it.
func (t *tree) makeDir(name string) (int, error) {
	fd, err := t.dir(name)
	if err != unix.ENOENT {
		return fd, err
	}
	parent, err := t.makeDir(path.Dir(name))
	if err != nil {
		return -1, err
	}
	if err := unix.Mkdirat(parent, path.Base(name), 0o755); err != nil && err != unix.EEXIST {
		return -1, err
	}
	return t.dir(name)
}

// found is a file as it is.
type found struct {
	exists bool
	// kind is 0 for what is never shipped; isDir tells directories among these
	kind    Kind
	isDir   bool
	mode    uint16
	size    uint64
	mtimeNs int64
}

// look finds nothing where the way leads through a file or a link.
func (t *tree) look(name string) (found, error) {
	dir, err := t.dir(path.Dir(name))
	if isBlocked(err) {
		return found{}, nil
	}
	if err != nil {
		return found{}, err
	}
	var stat unix.Stat_t
	err = unix.Fstatat(dir, path.Base(name), &stat, unix.AT_SYMLINK_NOFOLLOW)
	if err == unix.ENOENT {
		return found{}, nil
	}
	if err != nil {
		return found{}, err
	}
	is := found{exists: true, mode: uint16(stat.Mode & 0o777), size: uint64(stat.Size), mtimeNs: stat.Mtim.Nano()}
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		is.kind = File
	case unix.S_IFLNK:
		is.kind = Link
	case unix.S_IFDIR:
		is.kind, is.isDir = Directory, true
	}
	return is, nil
}

func isBlocked(err error) bool {
	return err == unix.ENOENT || err == unix.ENOTDIR || err == unix.ELOOP
}

// is tells whether the file is as it was shipped. A file system may keep whole seconds only.
func (f found) is(entry Entry) bool {
	if !f.exists || f.kind != entry.Kind {
		return false
	}
	if entry.Kind == Directory {
		return true
	}
	sameTime := f.mtimeNs == entry.MtimeNs || f.mtimeNs%1e9 == 0 && f.mtimeNs/1e9 == entry.MtimeNs/1e9
	return f.size == entry.Size && sameTime && (entry.Kind == Link || f.mode == entry.Mode)
}

// remove takes one file away, and its directories as far as they are empty then.
func (t *tree) remove(name string) error {
	dir, err := t.dir(path.Dir(name))
	if isBlocked(err) {
		return nil
	}
	if err != nil {
		return err
	}
	err = unix.Unlinkat(dir, path.Base(name), 0)
	if err == unix.EISDIR {
		err = unix.Unlinkat(dir, path.Base(name), unix.AT_REMOVEDIR)
	}
	if err != nil && err != unix.ENOENT && err != unix.ENOTEMPTY {
		return err
	}
	for parent := path.Dir(name); parent != "."; parent = path.Dir(parent) {
		above, err := t.dir(path.Dir(parent))
		if err != nil || unix.Unlinkat(above, path.Base(parent), unix.AT_REMOVEDIR) != nil {
			break
		}
		t.forgetLast()
	}
	return nil
}

// readSmall reads a file of git, which has to be a plain one; nothing is "".
func (t *tree) readSmall(name string, most int) (string, error) {
	fd, err := unix.Openat2(t.root, name, &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
	if isBlocked(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	var text strings.Builder
	for text.Len() <= most {
		n, err := unix.Read(fd, t.buffer)
		if err == unix.EISDIR || err == nil && n == 0 {
			break
		}
		if err != nil && err != unix.EINTR {
			return "", err
		}
		text.Write(t.buffer[:max(n, 0)])
	}
	return text.String(), nil
}

// errHole is a body that ended before its length.
var errHole = errors.New("the content is shorter than announced")
