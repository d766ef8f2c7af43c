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
	// Who it was told to be last; nil when that may not be so
	who *identity.Identity
}

// Boot runs boot once. A boot that failed leaves the machine in Booting: there is no way back.
func (m *Machine) Boot(plan Plan, boot func() (identity.Machine, error)) error {
	m.changing.Lock()
	defer m.changing.Unlock()
	m.mutex.Lock()
	if m.phase != Initrd {
		m.mutex.Unlock()
		return ErrNotInitrd
	}
	m.phase, m.handOver = Booting, plan.HandOver
	m.mutex.Unlock()
	booted, err := boot()
	if err != nil {
		return err
	}
	m.booted, m.who = booted, &plan.Identity
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.phase == Booting {
		m.phase = Up
	}
	return nil
}

// Identify runs identify, which makes a machine that is up who, one at a time; it is told who the machine was before.
func (m *Machine) Identify(who identity.Identity, identify func(identity.Machine, *identity.Identity) error) error {
	m.changing.Lock()
	defer m.changing.Unlock()
	if !m.Booted() {
		return ErrNotUp
	}
	before := m.who
	m.who = nil // Half of one and half of the other, until it is done.
	if err := identify(m.booted, before); err != nil {
		return err
	}
	m.who = &who
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
