// Package identity makes a machine itself and no other: its name, ids, keys, addresses, clock and randomness.
//
// Boot uses it on the image's fresh root; Identify uses it on a guest that was restored from the memory of another one,
// where everything is running already and all of it must change in place. So each part replaces what is there, whatever
// it is, may be repeated, and works by system calls alone: in an emulated guest a helper process costs more than all of
// them together.
package identity

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Identity is who a machine is told to be.
type Identity struct {
	Hostname string
	// Lines for /etc/hosts
	Hosts      []string
	DNSServers []string
	Network    *Network
	// Zero leaves the clock alone
	HostTime time.Time
	// Empty: the image's own, made where that is blank
	MachineID string
	// None: the image's own
	HostKeys []HostKey
	// Lines as in authorized_keys, of those who may log in as anybody
	AuthorizedKeys []string
	// Who root commits as; zero is nobody
	Git  GitIdentity
	Seed []byte
	// Of the file systems; 0: all of the disk
	OverlayBytes, WorkBytes uint64
}

const (
	maxHostname = 64
	maxSeed     = 256
	maxLines    = 100
	maxLine     = 1 << 10
)

// Check refuses what cannot work, before anything is touched.
func (i Identity) Check() error {
	if err := checkHostname(i.Hostname); err != nil {
		return err
	}
	for _, lines := range [][]string{i.Hosts, i.DNSServers} {
		if err := checkLines(lines); err != nil {
			return err
		}
	}
	if i.MachineID != "" && !isMachineID(i.MachineID) {
		return fmt.Errorf("the machine id %.80q is not 32 hexadecimal digits", i.MachineID)
	}
	if len(i.Seed) > maxSeed {
		return fmt.Errorf("a seed of %d bytes is too long", len(i.Seed))
	}
	if err := checkHostKeys(i.HostKeys); err != nil {
		return err
	}
	if err := checkAuthorizedKeys(i.AuthorizedKeys); err != nil {
		return err
	}
	if err := i.Git.check(); err != nil {
		return err
	}
	if i.Network != nil {
		return i.Network.check()
	}
	return nil
}

// Assume makes a running machine this one: everything but what only Boot can do. The randomness comes first, so that
// nothing after it uses what the machine shares with its siblings. What is the same as before, if that is known, is left
// alone: it is done already, and what the user has made of it since stays.
func (i Identity) Assume(machine Machine, before *Identity) ([]Stage, error) {
	isNew := func(same func(Identity) bool) bool { return before == nil || !same(*before) }
	steps := []Step{{"entropy", i.StirEntropy}, {"clock", i.SetClock}}
	if isNew(i.hasNamesOf) {
		steps = append(steps, Step{"names", func() error { return i.writeNewNames(before) }})
	}
	if isNew(func(b Identity) bool { return i.MachineID == b.MachineID }) {
		steps = append(steps,
			Step{"machine-id", func() error { return i.WriteMachineID(machine.HasInit) }},
			Step{"leftovers", removeLeftovers})
	}
	if isNew(func(b Identity) bool { return reflect.DeepEqual(i.Network, b.Network) }) {
		steps = append(steps, Step{"network", i.configureNetwork})
	}
	if isNew(func(b Identity) bool { return slices.Equal(i.HostKeys, b.HostKeys) }) {
		steps = append(steps, Step{"ssh-host-keys", i.WriteHostKeys})
	}
	if isNew(func(b Identity) bool { return slices.Equal(i.AuthorizedKeys, b.AuthorizedKeys) }) {
		steps = append(steps, Step{"ssh-access", i.WriteSSHAccess})
	}
	if isNew(func(b Identity) bool { return i.Git == b.Git }) {
		steps = append(steps, Step{"git", i.WriteGit})
	}
	return RunStages(append(steps, Step{"sizes", func() error { return i.growAll(machine) }}))
}

// Machine is what an identity needs to know of the machine that takes it on.
type Machine struct {
	// The image's init is process 1
	HasInit       bool
	Overlay, Work *Disk
	// Says what went wrong without being a failure
	Note func(format string, args ...any)
}

// Step is a part of a longer work.
type Step struct {
	Name string
	Do   func() error
}

// Stage is a step that was done, and what it took.
type Stage struct {
	Name string
	Took time.Duration
}

// RunStages does one step after the other until one fails.
func RunStages(steps []Step) ([]Stage, error) {
	stages := make([]Stage, 0, len(steps)+1)
	for _, step := range steps {
		start := time.Now()
		if err := step.Do(); err != nil {
			return nil, fmt.Errorf("%s: %w", step.Name, err)
		}
		stages = append(stages, Stage{step.Name, time.Since(start)})
	}
	return stages, nil
}

func isMachineID(text string) bool {
	if len(text) != 32 {
		return false
	}
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

var errTooManyLines = errors.New("too many lines")
