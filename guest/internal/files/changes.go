package files

import (
	"errors"
	"fmt"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// Changes is what a command changes of a root that is an overlay: its upper directory, beside a view of all that is below.
//
// What must be there to mount something on is made through MakeDir and MakeFile, and is no change for as long as nothing
// else becomes of it. Nor is a directory in which only such things were made.
type Changes struct {
	upper, lower *os.File
	// By path in the upper directory; as they were at Begin
	ours map[string]unix.Stat_t
}

// OpenChanges opens the two directories, which may then go out of sight.
func OpenChanges(upper, lower string) (*Changes, error) {
	above, err := os.Open(upper)
	if err != nil {
		return nil, err
	}
	below, err := os.Open(lower)
	if err != nil {
		above.Close()
		return nil, err
	}
	return &Changes{above, below, map[string]unix.Stat_t{}}, nil
}

// maxLinks is how many links in a row are followed; the kernel follows as many.
const maxLinks = 40

// MakeDir makes a directory in the root, and those before it, and returns where links lead to. One that is there stays.
func (c *Changes) MakeDir(dir string) (string, error) {
	if _, err := os.Stat(dir); err == nil {
		return realPath(dir), nil
	}
	return c.make(dir, func(at string) error { return os.Mkdir(at, 0o755) })
}

// MakeFile makes an empty file in the same way; whatever is there stays.
func (c *Changes) MakeFile(file string) (string, error) {
	return c.make(file, func(at string) error {
		made, err := os.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		return made.Close()
	})
}

func (c *Changes) make(at string, create func(at string) error) (string, error) {
	if at == "/" {
		return at, nil
	}
	for range maxLinks {
		dir, err := c.MakeDir(path.Dir(at))
		if err != nil {
			return "", err
		}
		at = path.Join(dir, path.Base(at))
		target, err := os.Readlink(at)
		switch {
		case err == nil && path.IsAbs(target):
			at = path.Clean(target)
		case err == nil:
			at = path.Join(dir, target)
		case errors.Is(err, os.ErrNotExist):
			return at, c.makeIn(dir, at, create)
		default: // Something is there that is no link.
			return at, nil
		}
	}
	return "", &os.PathError{Op: "make", Path: at, Err: unix.ELOOP}
}

// makeIn leaves the directory with the time it had.
func (c *Changes) makeIn(dir, at string, create func(at string) error) error {
	var before unix.Stat_t
	if err := unix.Stat(dir, &before); err != nil {
		return &os.PathError{Op: "stat", Path: dir, Err: err}
	}
	if err := create(at); err != nil {
		return err
	}
	c.ours[dir[1:]], c.ours[at[1:]] = unix.Stat_t{}, unix.Stat_t{}
	if err := unix.UtimesNano(dir, []unix.Timespec{before.Atim, before.Mtim}); err != nil {
		return &os.PathError{Op: "set the time of", Path: dir, Err: err}
	}
	return nil
}

// Begin notes what is there now and is ours: from here on, changes are the command's.
func (c *Changes) Begin() error {
	for name := range c.ours {
		var stat unix.Stat_t
		if name == "" {
			continue // The upper directory itself.
		}
		if err := unix.Fstatat(int(c.upper.Fd()), name, &stat, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("look at /%s: %w", name, err)
		}
		c.ours[name] = stat
	}
	return nil
}

// isUntouched says whether something is ours and nothing else has become of it: every change of it, or in it, sets its
// ctime, which nobody can set back.
func (c *Changes) isUntouched(name string, stat *unix.Stat_t) bool {
	before, isOurs := c.ours[name]
	return isOurs && before.Ino == stat.Ino && before.Ctim == stat.Ctim && before.Mtim == stat.Mtim
}

// isBelow says whether there is a directory of that name below the upper one, for it to hide.
func (c *Changes) isBelow(name string) (bool, error) {
	fd, err := unix.Openat2(int(c.lower.Fd()), name, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	})
	switch {
	case err == nil:
		return true, unix.Close(fd)
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP):
		return false, nil
	}
	return false, explain("look for", "/"+name, err)
}

// Settle writes everything to the disk, and fails when something could not be written since the directory was opened, also
// when that went unnoticed by whoever wrote it.
func (c *Changes) Settle() error {
	fd := int(c.upper.Fd())
	if err := unix.Syncfs(fd); err != nil {
		return explain("write", "/", err)
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return explain("look at", "/", err)
	}
	if fs.Flags&unix.ST_RDONLY != 0 {
		return fail(Other, "the disk was made read-only after an error")
	}
	return nil
}
