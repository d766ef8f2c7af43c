package workspace

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// applying is one ship being laid down.
type applying struct {
	ship     *Ship
	decision *Decision
	before   *before
	state    state
	items    *items
	// What is written to; nil until there is something
	tree *tree
	// Files are made under their names, not renamed into place: nobody sees them yet
	isStaged bool
	missing  map[uint32]bool
	Applied
}

func (a *applying) run() (*Applied, error) {
	a.missing = make(map[uint32]bool, len(a.decision.Want))
	for _, index := range a.decision.Want {
		a.missing[index] = true
	}
	var err error
	if a.decision.place == nowhere {
		err = a.first()
	} else {
		err = a.again()
	}
	if err != nil {
		return nil, err
	}
	if a.ship.ReadOnly {
		err = freeze(a.ship.GuestPath)
	}
	return &a.Applied, err
}

// first lays down a whole workspace beside its place.
func (a *applying) first() error {
	tree, err := openStaging(a.ship.GuestPath)
	if err != nil {
		return err
	}
	defer tree.close()
	a.tree, a.isStaged = tree, true
	staging := stagingOf(a.ship.GuestPath)
	err = a.receive()
	if err == nil {
		err = unix.Syncfs(tree.root)
	}
	if err == nil {
		err = unix.Renameat2(unix.AT_FDCWD, staging, unix.AT_FDCWD, a.ship.GuestPath, unix.RENAME_NOREPLACE)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(staging))
	}
	return a.state.saveRecord(a.ship)
}

// again changes a workspace in its place.
func (a *applying) again() error {
	if err := a.state.savePending(a.ship, a.changing()); err != nil {
		return err
	}
	if _, err := a.tree.makeDir(gitDir); err != nil {
		return err
	}
	for _, name := range a.decision.Remove {
		if err := a.tree.remove(name); err != nil {
			return fmt.Errorf("%s: %w", quote(name), err)
		}
		a.Removed++
	}
	if err := a.receive(); err != nil {
		return errors.Join(err, a.dropScratch())
	}
	if a.decision.Git == GitUpdate {
		if err := a.moveRefs(); err != nil {
			return errors.Join(err, a.dropScratch())
		}
	}
	if err := unix.Syncfs(a.tree.root); err != nil {
		return err
	}
	if a.decision.Git == GitNothing {
		// What the guest has of git is what was shipped before.
		a.ship.GitVersion, a.ship.Shallow = a.before.record.GitVersion, a.before.record.Shallow
	}
	return a.state.saveRecord(a.ship)
}

// changing are the paths that this ship and one that was cut short before it change.
func (a *applying) changing() map[string]bool {
	paths := make(map[string]bool, len(a.decision.Want)+len(a.decision.Remove))
	for path := range a.before.pending.paths {
		paths[path] = true
	}
	for _, index := range a.decision.Want {
		paths[a.ship.Entries[index].Path] = true
	}
	for _, path := range a.decision.Remove {
		paths[path] = true
	}
	return paths
}

// receive writes what comes, until everything that is wanted has come.
func (a *applying) receive() error {
	for {
		item, err := a.items.next()
		if err != nil {
			return err
		}
		if item == nil {
			break
		}
		if err := a.take(item); err != nil {
			return fmt.Errorf("%s: %w", quote(item.entry.Path), err)
		}
	}
	for index := range a.missing {
		return fmt.Errorf("%w: it ended without the content of %s", ErrInvalid, quote(a.ship.Entries[index].Path))
	}
	return nil
}

func (a *applying) take(item *item) error {
	if item.isGit {
		return a.takeGit(item)
	}
	if !a.missing[item.index] {
		return fmt.Errorf("%w: this content was not asked for", ErrInvalid)
	}
	if err := a.place(item, a.items.verdict); err != nil {
		if errors.Is(err, errUnsettled) {
			return nil // It comes again.
		}
		return err
	}
	delete(a.missing, item.index)
	a.ship.Entries[item.index] = item.entry
	a.Written++
	return nil
}

func (a *applying) takeGit(item *item) error {
	if !item.replaces && !a.isStaged {
		is, err := a.tree.look(item.entry.Path)
		if err != nil {
			return err
		}
		if is.exists && is.kind == item.entry.Kind {
			_, err := io.Copy(io.Discard, a.items.body(item))
			return invalid(err)
		}
	}
	return a.place(item, nil)
}

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

// moveRefs sets the refs and, last of all, HEAD.
func (a *applying) moveRefs() error {
	guest := &refs{tree: a.tree}
	for _, ref := range a.ship.Refs {
		id, err := guest.id(ref.Name)
		if err != nil {
			return err
		}
		if id == ref.ID {
			continue
		}
		if err := a.writeText(gitDir+"/"+ref.Name, ref.ID+"\n"); err != nil {
			return fmt.Errorf("%s: %w", ref.Name, err)
		}
	}
	return a.writeText(gitDir+"/HEAD", a.ship.Head+"\n")
}

func (a *applying) writeText(name, text string) error {
	dir, err := a.tree.makeDir(path.Dir(name))
	if err != nil {
		return err
	}
	if err := a.dropScratch(); err != nil {
		return err
	}
	entry := Entry{Kind: File, Mode: 0o644, Size: uint64(len(text)), MtimeNs: nowNs()}
	if err := a.tree.writeFile(a.tree.root, scratch, entry, strings.NewReader(text)); err != nil {
		return err
	}
	return unix.Renameat(a.tree.root, scratch, dir, path.Base(name))
}

func nowNs() int64 {
	var now unix.Timespec
	unix.ClockGettime(unix.CLOCK_REALTIME, &now)
	return now.Nano()
}
