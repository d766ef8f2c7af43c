package boot

import (
	"errors"
	"sync"
)

// Phase is how far the machine has come.
type Phase int

const (
	Initrd Phase = iota
	Booting
	Up
	Stopping
)

// ErrNotInitrd refuses to boot twice.
var ErrNotInitrd = errors.New("the guest was booted already, or tried to")

// Machine is the guest's state: its phase, and what later requests need to know of Boot.
type Machine struct {
	mutex    sync.Mutex
	phase    Phase
	handOver bool
}

// Boot runs boot once. A boot that failed leaves the machine in Booting: there is no way back.
func (m *Machine) Boot(handOver bool, boot func() error) error {
	m.mutex.Lock()
	if m.phase != Initrd {
		m.mutex.Unlock()
		return ErrNotInitrd
	}
	m.phase, m.handOver = Booting, handOver
	m.mutex.Unlock()
	if err := boot(); err != nil {
		return err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.phase == Booting {
		m.phase = Up
	}
	return nil
}

// Stop begins the end and returns the phase before it.
func (m *Machine) Stop() Phase {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	before := m.phase
	m.phase = Stopping
	return before
}

// Phase returns the current one.
func (m *Machine) Phase() Phase {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.phase
}

// Booted says whether commands can be run.
func (m *Machine) Booted() bool {
	return m.Phase() == Up
}

// HasImageInit says whether process 1 is the image's.
func (m *Machine) HasImageInit() bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.handOver
}
