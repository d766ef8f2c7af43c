package workspace

import (
	"errors"
	"fmt"
	"io"
	"os"

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

func nowNs() int64 {
	var now unix.Timespec
	unix.ClockGettime(unix.CLOCK_REALTIME, &now)
	return now.Nano()
}
