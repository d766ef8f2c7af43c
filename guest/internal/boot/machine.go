package boot

import (
	"errors"
	"sync"

	"banger.dev/guest/internal/identity"
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

// ErrNotUp refuses what needs a booted machine.
var ErrNotUp = errors.New("the guest is not booted")

// Machine is the guest's state: its phase, and what later requests need to know of Boot.
type Machine struct {
	mutex    sync.Mutex
	phase    Phase
	handOver bool
	// Held by whoever changes what the machine is
	changing sync.Mutex
	booted   identity.Machine
}

// Boot runs boot once. A boot that failed leaves the machine in Booting: there is no way back.
func (m *Machine) Boot(handOver bool, boot func() (identity.Machine, error)) error {
	m.changing.Lock()
	defer m.changing.Unlock()
	m.mutex.Lock()
	if m.phase != Initrd {
		m.mutex.Unlock()
		return ErrNotInitrd
	}
	m.phase, m.handOver = Booting, handOver
	m.mutex.Unlock()
	booted, err := boot()
	if err != nil {
		return err
	}
	m.booted = booted
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.phase == Booting {
		m.phase = Up
	}
	return nil
}

// Identify runs identify, one at a time, in a machine that is up.
func (m *Machine) Identify(identify func(identity.Machine) error) error {
	m.changing.Lock()
	defer m.changing.Unlock()
	if !m.Booted() {
		return ErrNotUp
	}
	return identify(m.booted)
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
