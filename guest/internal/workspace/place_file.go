package workspace

import (
	"errors"
	"fmt"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// errUnsettled: the host says that the file changed while it was read.
var errUnsettled = errors.New("changed while it was read")

// place writes one file and puts it where it belongs.
func (a *applying) place(item *item, settled func() (bool, error)) error {
	entry := item.entry
	dir, err := a.dirOf(entry.Path)
	if err != nil {
		return err
	}
	base := path.Base(entry.Path)
	if a.isStaged {
		if err := a.write(dir, base, item); err != nil {
			return err
		}
		return keepIf(settled, dir, base)
	}
	if err := a.dropScratch(); err != nil {
		return err
	}
	if err := a.write(a.tree.root, scratch, item); err != nil {
		return err
	}
	if err := keepIf(settled, a.tree.root, scratch); err != nil {
		return err
	}
	if entry.Kind == Directory {
		return nil
	}
	err = unix.Renameat(a.tree.root, scratch, dir, base)
	if err != unix.EISDIR && err != unix.ENOTEMPTY && err != unix.EEXIST {
		return err
	}
	if err := a.takeAway(entry.Path); err != nil {
		return err
	}
	if dir, err = a.tree.dir(path.Dir(entry.Path)); err != nil {
		return err
	}
	return unix.Renameat(a.tree.root, scratch, dir, base)
}

// dirOf opens the directory for a file. What the decision allows to be in its way goes: a file or link of the same name.
func (a *applying) dirOf(name string) (int, error) {
	dir, err := a.tree.makeDir(path.Dir(name))
	if err != unix.ENOTDIR && err != unix.ELOOP {
		return dir, err
	}
	for at := range len(name) {
		if name[at] != '/' {
			continue
		}
		is, err := a.tree.look(name[:at])
		if err != nil {
			return -1, err
		}
		if !is.isDir {
			if err := a.tree.remove(name[:at]); err != nil {
				return -1, err
			}
			break
		}
	}
	return a.tree.makeDir(path.Dir(name))
}

func (a *applying) write(dir int, name string, item *item) error {
	switch item.entry.Kind {
	case Link:
		return a.tree.makeLink(dir, name, item.entry, a.items.body(item))
	case Directory:
		_, err := a.tree.makeDir(item.entry.Path)
		return err
	}
	return a.tree.writeFile(dir, name, item.entry, a.items.body(item))
}

func keepIf(settled func() (bool, error), dir int, name string) error {
	if settled == nil {
		return nil
	}
	isSettled, err := settled()
	if err == nil && !isSettled {
		err = errUnsettled
	}
	if err != nil {
		return errors.Join(err, unix.Unlinkat(dir, name, 0))
	}
	return nil
}

func (a *applying) dropScratch() error {
	err := unix.Unlinkat(a.tree.root, scratch, 0)
	if err == unix.ENOENT {
		return nil
	}
	return err
}

// takeAway removes a directory that a file takes the place of: its files went before, and what the guest has put there
// stays unless told otherwise.
func (a *applying) takeAway(name string) error {
	if a.ship.Overwrite {
		root, err := os.OpenRoot(a.ship.GuestPath)
		if err != nil {
			return err
		}
		defer root.Close()
		a.tree.forgetLast()
		return root.RemoveAll(name)
	}
	dir, err := a.tree.dir(path.Dir(name))
	if err != nil {
		return err
	}
	err = unix.Unlinkat(dir, path.Base(name), unix.AT_REMOVEDIR)
	if err == unix.ENOTEMPTY {
		return fmt.Errorf("%w: a directory with files of the guest is in its place", ErrConflict)
	}
	return err
}
