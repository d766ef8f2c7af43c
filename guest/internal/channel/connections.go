package channel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// HostListener is where hosts connect to.
type HostListener struct {
	net.Listener
	// Whether that is one
	IsHost func(remote net.Addr) bool
	// How long a host that has connected may take to greet and begin
	Patience time.Duration
}

// A machine that is out of memory or descriptors may have some again later.
const (
	acceptPause    = time.Second
	acceptAttempts = 30
)

// ServeConnections serves hosts that connect, each on a connection of its own, which begins with the same handshake. There
// is one conversation at a time here too: it ends when the next host starts one. A connection that only looks open (a
// restored guest's are those of before) is in nobody's way, and one on which no host greets is closed. It returns when
// the listener fails for good.
func (a Agent) ServeConnections(ctx context.Context, listener HostListener) error {
	served := hosts{agent: a, patience: listener.Patience}
	failures := 0
	for {
		connection, err := listener.Accept()
		switch {
		case err == nil && listener.IsHost(connection.RemoteAddr()):
			failures = 0
			go served.serve(ctx, connection)
		case err == nil:
			connection.Close()
		case errors.Is(err, net.ErrClosed) || failures == acceptAttempts:
			return fmt.Errorf("wait for a host: %w", err)
		default:
			failures++
			time.Sleep(acceptPause)
		}
	}
}

type hosts struct {
	agent    Agent
	patience time.Duration
	// Whose turn it is, or will be as soon as the conversation before has ended
	newest atomic.Pointer[conversation]
	turn   sync.Mutex
}

func (h *hosts) serve(ctx context.Context, connection net.Conn) {
	defer connection.Close()
	wire := connectedWire{connection}
	connection.SetReadDeadline(time.Now().Add(h.patience))
	early, err := listen(wire, nil, h.agent.Build)
	if err != nil {
		return
	}
	connection.SetReadDeadline(time.Time{})
	conversation := newConversation(wire, early)
	if former := h.newest.Swap(conversation); former != nil {
		former.Close()
	}
	h.turn.Lock()
	defer h.turn.Unlock()
	converse(ctx, conversation, h.agent.Handler)
	h.newest.CompareAndSwap(conversation, nil)
	h.agent.Note("the host's conversation ended")
}

// connectedWire ends with its host.
type connectedWire struct{ net.Conn }

func (w connectedWire) ReadWhenOpen(p []byte) (int, error) { return w.Read(p) }
