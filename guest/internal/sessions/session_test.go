package sessions

import (
	"testing"
	"time"

	"banger.dev/guest/internal/process"
)

func TestASessionEndsWithItsProcessWhateverGoesOnWriting(t *testing.T) {
	lingering = 500 * time.Millisecond
	registry := NewRegistry(process.NewRegistry(), t.TempDir())
	script := "(while :; do echo noise; sleep 0.05; done) & echo done"
	order := Order{Name: "noisy", Command: process.Spec{Argv: []string{"/bin/sh", "-c", script}, Cwd: "/"}}

	session, err := registry.Start(order)

	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-session.Over():
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on")
	}
	if kept := session.Kept(); session.Exit().Code != 0 || kept[Stdout].End < 5 {
		t.Fatal(session.Exit(), kept)
	}
}

func TestTheOldestEndedSessionIsForgotten(t *testing.T) {
	registry := NewRegistry(process.NewRegistry(), t.TempDir())
	order := func(i int) Order {
		name := string([]byte{'s', byte('a' + i/26), byte('a' + i%26)})
		return Order{Name: name, Command: process.Spec{Argv: []string{"/bin/true"}, Cwd: "/"}}
	}

	for i := range MaxEnded + 3 {
		session, err := registry.Start(order(i))
		if err != nil {
			t.Fatal(err)
		}
		<-session.Over()
	}

	left := registry.List()
	if len(left) > MaxEnded+1 || left[len(left)-1].Name != order(MaxEnded+2).Name {
		t.Fatal(len(left), left[0].Name)
	}
	if _, err := registry.Get(order(0).Name); err != ErrNotFound {
		t.Fatal(err)
	}
}
