package listeners

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"
)

// nobody is no process's number, so that what the test itself opens is told.
const nobody = -1

// watched runs a watch to the end of the test and returns what it tells.
func watched(t *testing.T, self int) <-chan []Listener {
	t.Helper()
	told := make(chan []Listener, 100)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- watch(ctx, self, func(list []Listener) error {
			told <- list
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return told
}

// await reads lists until one is as wanted, for two seconds at most.
func await(t *testing.T, told <-chan []Listener, what string, wanted func([]Listener) bool) {
	t.Helper()
	late := time.After(2 * time.Second)
	for {
		select {
		case list := <-told:
			if wanted(list) {
				return
			}
		case <-late:
			t.Fatal("never told: " + what)
		}
	}
}

func addressOf(t *testing.T, a net.Addr) netip.AddrPort {
	t.Helper()
	parsed, err := netip.ParseAddrPort(a.String())
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestAListenerIsToldWhenItOpensAndWhenItCloses(t *testing.T) {
	told := watched(t, nobody)
	<-told

	open, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := addressOf(t, open.Addr())
	isIt := func(l Listener) bool {
		return l.Protocol == TCP && l.Address == at.Addr() && l.Port == at.Port()
	}

	await(t, told, "that it opened", func(list []Listener) bool {
		i := slices.IndexFunc(list, isIt)
		return i >= 0 && list[i].PID == os.Getpid() && list[i].Process != ""
	})
	open.Close()
	await(t, told, "that it closed", func(list []Listener) bool { return !slices.ContainsFunc(list, isIt) })
}

func TestTheFirstListIsWhole(t *testing.T) {
	tcp, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here")
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()

	list := <-watched(t, nobody)

	for protocol, address := range map[Protocol]net.Addr{TCP: tcp.Addr(), UDP: udp.LocalAddr()} {
		at := addressOf(t, address)
		if !slices.ContainsFunc(list, func(l Listener) bool {
			return l.Protocol == protocol && l.Address == at.Addr() && l.Port == at.Port()
		}) {
			t.Error(protocol, at, "is not in", list)
		}
	}
}

func TestAConnectionIsNoListener(t *testing.T) {
	open, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	client, err := net.Dial("tcp", open.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	list := <-watched(t, nobody)

	port := addressOf(t, client.LocalAddr()).Port()
	if slices.ContainsFunc(list, func(l Listener) bool { return l.Port == port }) {
		t.Error(list)
	}
}

func TestTheWatchersOwnAreLeftOut(t *testing.T) {
	open, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()

	list := <-watched(t, os.Getpid())

	port := addressOf(t, open.Addr()).Port()
	if slices.ContainsFunc(list, func(l Listener) bool { return l.Port == port }) {
		t.Error(list)
	}
}

func TestAWatchEndsWithWhoeverIsTold(t *testing.T) {
	gone := errors.New("gone")

	err := watch(t.Context(), nobody, func([]Listener) error { return gone })

	if !errors.Is(err, gone) {
		t.Fatal(err)
	}
}

func TestAddressesAreRead(t *testing.T) {
	cases := map[string]string{
		"0100007F":                         "127.0.0.1",
		"00000000":                         "0.0.0.0",
		"00000000000000000000000001000000": "::1",
		"0000000000000000FFFF00000100007F": "127.0.0.1",
	}
	for text, want := range cases {
		if got, ok := parseAddress([]byte(text)); !ok || got.String() != want {
			t.Error(text, got, ok)
		}
	}
	for _, text := range []string{"", "0", "zz00007F", "0100007F00"} {
		if got, ok := parseAddress([]byte(text)); ok {
			t.Error(text, got)
		}
	}
}

func TestAListHasABound(t *testing.T) {
	tables := openTables()
	defer func() {
		for _, table := range tables {
			table.close()
		}
	}()
	one, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	two, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()

	found, err := tables[0].listening(nil, 1)

	if err != nil || len(found) != 1 {
		t.Error(found, err)
	}
}

func BenchmarkALook(b *testing.B) {
	tables := openTables()
	owners := newOwners()
	for b.Loop() {
		if _, err := look(tables, owners, nobody); err != nil {
			b.Fatal(err)
		}
	}
}
