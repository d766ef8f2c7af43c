package sessions

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"banger.dev/guest/internal/dirs"
	"banger.dev/guest/internal/process"
)

// Dir is where sessions keep their output, in a directory each.
const Dir = "/var/lib/banger/sessions"

// Registry knows all sessions of this guest.
type Registry struct {
	processes *process.Registry
	dir       string
	// Held while one is started, so that a name is given once
	starting sync.Mutex
	mutex    sync.Mutex
	// Oldest first
	sessions []*Session
}

// NewRegistry returns an empty one that keeps its files in dir.
func NewRegistry(processes *process.Registry, dir string) *Registry {
	return &Registry{processes: processes, dir: dir}
}

// Sweep removes what sessions of an earlier start of the machine left.
func (r *Registry) Sweep() error {
	return os.RemoveAll(r.dir)
}

// Start starts a session. An ended one of the same name is forgotten. A command that cannot be started is a
// *process.Failure, one that lacks others a *Missing.
func (r *Registry) Start(order Order) (*Session, error) {
	if err := order.check(); err != nil {
		return nil, err
	}
	r.starting.Lock()
	defer r.starting.Unlock()
	namesake, err := r.admit(order.Name)
	if err != nil {
		return nil, err
	}
	missing, err := process.Missing(order.Command, order.Required)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, &Missing{missing}
	}
	session, err := r.begin(order)
	if err != nil {
		return nil, err
	}
	if namesake != nil {
		r.forget(namesake)
	}
	r.forgetOldest()
	return session, nil
}

// admit refuses what cannot be started now and returns the ended session that the new one replaces.
func (r *Registry) admit(name string) (*Session, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var namesake *Session
	running := 0
	for _, s := range r.sessions {
		if !s.HasEnded() {
			running++
		}
		if s.Name == name {
			namesake = s
		}
	}
	switch {
	case namesake != nil && !namesake.HasEnded():
		return nil, ErrNameTaken
	case running >= MaxRunning:
		return nil, ErrTooMany
	}
	return namesake, nil
}

func (r *Registry) begin(order Order) (*Session, error) {
	id := newID()
	dir := filepath.Join(r.dir, id)
	if err := dirs.Make(dir, 0o700); err != nil {
		return nil, err
	}
	journal, err := newJournal(dir, order.KeepBytes)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	p, err := r.processes.Start(order.Command)
	if err != nil {
		journal.remove()
		os.RemoveAll(dir)
		return nil, err
	}
	session := newSession(id, order, attachedParts{process: p, journal: journal, dir: dir})
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.sessions = append(r.sessions, session)
	return session, nil
}

// Get finds a session by name or id.
func (r *Registry) Get(reference string) (*Session, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, s := range r.sessions {
		if s.Name == reference || s.ID == reference {
			return s, nil
		}
	}
	return nil, ErrNotFound
}

// List returns all, oldest first.
func (r *Registry) List() []*Session {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return slices.Clone(r.sessions)
}

// Remove forgets an ended session and its output.
func (r *Registry) Remove(reference string) error {
	s, err := r.Get(reference)
	if err != nil {
		return err
	}
	if !s.HasEnded() {
		return ErrRunning
	}
	r.forget(s)
	return nil
}

func (r *Registry) forget(s *Session) {
	r.mutex.Lock()
	r.sessions = slices.DeleteFunc(r.sessions, func(other *Session) bool { return other == s })
	r.mutex.Unlock()
	s.discard()
}

// forgetOldest keeps the number of the ended within its bound.
func (r *Registry) forgetOldest() {
	ended := slices.DeleteFunc(r.List(), func(s *Session) bool { return !s.HasEnded() })
	slices.SortStableFunc(ended, func(a, b *Session) int { return a.EndedAt().Compare(b.EndedAt()) })
	for len(ended) > MaxEnded {
		r.forget(ended[0])
		ended = ended[1:]
	}
}

func newID() string {
	var random [8]byte
	rand.Read(random[:])
	return "ses_" + hex.EncodeToString(random[:])
}
