// Package workspace lays a host's git checkout down in the guest, and later brings it up to date without losing what was
// done in the guest.
//
// A ship comes as a header, a manifest of all files and, when it is applied, the contents that are needed (stream.go). The
// agent remembers the manifest that it laid down last (record.go). From these two and the files as they are it decides
// three ways (decide.go): what the host has not changed since is left alone, whatever the guest did with it; what the host
// changed and the guest did not is updated or removed; what both changed is a conflict, and the ship is refused as a whole.
// Files that only the guest has stay.
//
// A first ship is laid down beside its place and appears by one rename. A later one writes down what it is about to change,
// then changes file by file, each by a rename; one that was cut short is finished by the next, whichever that is.
package workspace

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// Failures that the host tells apart.
var (
	ErrInvalid  = errors.New("not a ship")
	ErrForeign  = errors.New("it exists, is not empty, and no workspace was shipped there")
	ErrConflict = errors.New("files were changed in the guest and on the host")
	ErrBusy     = errors.New("another ship to it is under way")
)

// Workspaces is what was shipped to one guest.
type Workspaces struct {
	// stateDir keeps one directory per workspace
	stateDir string
	mutex    sync.Mutex
	busy     map[string]bool
}

// New keeps its records below the directory, which is made when it is needed.
func New(stateDir string) *Workspaces {
	return &Workspaces{stateDir: stateDir, busy: map[string]bool{}}
}

// Plan says what a ship needs and changes nothing.
func (w *Workspaces) Plan(in io.Reader) (*Decision, error) {
	ship, _, err := readShip(in)
	if err != nil {
		return nil, err
	}
	before, err := w.stateOf(ship.GuestPath).load()
	if err != nil {
		return nil, err
	}
	tree, place, err := openPlace(ship.GuestPath, before.known())
	if err != nil {
		return nil, err
	}
	defer tree.close()
	decision, err := decide(ship, before, place, tree)
	if err != nil {
		return nil, err
	}
	return decision, checkSpace(ship, decision)
}

// Applied is what a ship has done.
type Applied struct {
	Written, Removed int
}

// Apply brings the guest's files to what the ship says. One that fails has left the guest's files each in its old or its new
// state, and knows which are which.
func (w *Workspaces) Apply(in io.Reader) (*Applied, error) {
	ship, items, err := readShip(in)
	if err != nil {
		return nil, err
	}
	release, err := w.claim(ship.GuestPath)
	if err != nil {
		return nil, err
	}
	defer release()
	state := w.stateOf(ship.GuestPath)
	before, err := state.load()
	if err != nil {
		return nil, err
	}
	if before.record.ReadOnly {
		if err := thaw(ship.GuestPath); err != nil {
			return nil, err
		}
	}
	tree, place, err := openPlace(ship.GuestPath, before.known())
	if err != nil {
		return nil, err
	}
	defer tree.close()
	decision, err := decide(ship, before, place, tree)
	if err != nil {
		return nil, err
	}
	if decision.Conflicts.Count > 0 {
		return nil, fmt.Errorf("%w: %s", ErrConflict, decision.Conflicts.Names[0])
	}
	if err := checkSpace(ship, decision); err != nil {
		return nil, err
	}
	work := &applying{ship: ship, decision: decision, before: before, state: state, items: items, tree: tree}
	return work.run()
}

// claim makes sure that one ship at a time writes to a place.
func (w *Workspaces) claim(path string) (release func(), err error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.busy[path] {
		return nil, ErrBusy
	}
	w.busy[path] = true
	return func() {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		delete(w.busy, path)
	}, nil
}
