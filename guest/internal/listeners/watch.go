// Package listeners tells what in the machine waits for connections or packets, and whose it is.
//
// The kernel has no event for a socket that begins or ceases to listen, so somebody has to look again and again. A look
// reads four small tables and allocates next to nothing; it is made only while somebody watches, and less often when
// nothing has changed for a while.
package listeners

import (
	"cmp"
	"context"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// Max is how many listeners are told about.
const Max = 1000

// A machine in which something has just changed is looked at more often: what starts seldom comes alone.
const (
	restingInterval = 500 * time.Millisecond
	busyInterval    = 150 * time.Millisecond
	busyFor         = 10 * time.Second
)

// Listener is a socket that waits for connections (TCP) or packets (UDP).
type Listener struct {
	Protocol Protocol
	Address  netip.Addr
	Port     uint16
	// PID is 0 and Process empty for a socket that no process of the machine has open.
	PID     int
	Process string
}

// Watch tells the whole list at once and whenever it has changed, without the agent's own, until ctx ends or tell fails.
func Watch(ctx context.Context, tell func([]Listener) error) error {
	return watch(ctx, os.Getpid(), tell)
}

func watch(ctx context.Context, self int, tell func([]Listener) error) error {
	tables := openTables()
	defer func() {
		for _, t := range tables {
			t.close()
		}
	}()
	owners := newOwners()
	var known []Listener
	changed := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for first := true; ; first = false {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
		now, err := look(tables, owners, self)
		if err != nil {
			return err
		}
		if first || !slices.Equal(known, now) {
			known, changed = now, time.Now()
			if err := tell(now); err != nil {
				return err
			}
		}
		if time.Since(changed) < busyFor {
			timer.Reset(busyInterval)
		} else {
			timer.Reset(restingInterval)
		}
	}
}

func look(tables []*table, owners *owners, self int) ([]Listener, error) {
	var sockets []socket
	for _, t := range tables {
		var err error
		if sockets, err = t.listening(sockets, Max); err != nil {
			return nil, err
		}
	}
	owners.update(sockets)
	list := make([]Listener, 0, len(sockets))
	for _, s := range sockets {
		owner := owners.byInode[s.inode]
		if owner.pid != self {
			list = append(list, Listener{s.protocol, s.address, s.port, owner.pid, owner.name})
		}
	}
	slices.SortFunc(list, func(a, b Listener) int {
		return cmp.Or(
			strings.Compare(string(a.Protocol), string(b.Protocol)),
			cmp.Compare(a.Port, b.Port),
			a.Address.Compare(b.Address),
			cmp.Compare(a.PID, b.PID),
		)
	})
	return slices.Compact(list), nil
}
