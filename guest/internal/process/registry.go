package process

import (
	"sync"
	"time"
)

const maxProcesses = 1000

// Registry knows every process that the agent started and that has not ended.
type Registry struct {
	mutex     sync.Mutex
	lastID    uint64
	starting  int
	processes map[uint64]*Process
}

// NewRegistry returns an empty one.
func NewRegistry() *Registry {
	return &Registry{processes: map[uint64]*Process{}}
}

// Start starts a process; its error is always a *Failure. The caller closes the process when it is done with its files.
func (r *Registry) Start(spec Spec) (*Process, error) {
	if !r.reserve() {
		return nil, failure(Resources, "%d processes are running already", maxProcesses)
	}
	p, err := start(spec)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.starting--
	if err != nil {
		return nil, err
	}
	r.lastID++
	p.ID = r.lastID
	r.processes[p.ID] = p
	go func() {
		<-p.Done
		r.mutex.Lock()
		defer r.mutex.Unlock()
		delete(r.processes, p.ID)
	}()
	return p, nil
}

// Get finds a process that has not ended.
func (r *Registry) Get(id uint64) (*Process, bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	p, ok := r.processes[id]
	return p, ok
}

// StopByOwnSignal asks all processes that have a stop signal of their own to end, kills what is left of their groups after the
// grace time, and returns when they have ended.
func (r *Registry) StopByOwnSignal(grace time.Duration) {
	for _, p := range r.withStopSignal() {
		p.Stop(grace)
		defer func() { <-p.Done }()
	}
}

func (r *Registry) withStopSignal() []*Process {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var found []*Process
	for _, p := range r.processes {
		if p.stopSignal != 0 {
			found = append(found, p)
		}
	}
	return found
}

func (r *Registry) reserve() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.processes)+r.starting >= maxProcesses {
		return false
	}
	r.starting++
	return true
}
