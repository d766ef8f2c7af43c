package channel

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Wire is the byte stream to the host, which outlives every conversation.
type Wire interface {
	// Read returns io.EOF when the host went away.
	Read(p []byte) (int, error)
	// ReadWhenOpen is Read that waits for a host instead.
	ReadWhenOpen(p []byte) (int, error)
	Write(p []byte) (int, error)
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}

// conversation is one host's use of the wire, as the net.Conn that the HTTP/2 server wants. After Close, nothing of it
// reaches the wire any more.
type conversation struct {
	wire   Wire
	frames frames
	// Bytes that the handshake read too far.
	early []byte
	// What was read last and may contain the greeting of the host that ended this conversation.
	late []byte

	closing atomic.Bool
	ended   chan struct{}
	reading sync.Mutex
	writing sync.Mutex
}

func newConversation(wire Wire, early []byte) *conversation {
	return &conversation{wire: wire, frames: newFrames(), early: early, ended: make(chan struct{})}
}

func (c *conversation) Read(p []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if c.closing.Load() {
		return 0, net.ErrClosed
	}
	var n int
	var err error
	if len(c.early) > 0 {
		n = copy(p, c.early)
		c.early = c.early[n:]
	} else {
		n, err = c.wire.Read(p)
	}
	if err != nil {
		return 0, err
	}
	ours := c.frames.next(p[:n])
	c.late = append(c.late[:0], p[max(0, min(ours, n-lineLength)):n]...)
	if ours < n {
		c.late = append(c.late, c.early...)
		return 0, io.EOF
	}
	return n, nil
}

func (c *conversation) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.closing.Load() {
		return 0, net.ErrClosed
	}
	return c.wire.Write(p)
}

// Close aborts a read or write at work and returns when neither touches the wire any more. Repeatable.
func (c *conversation) Close() error {
	if c.closing.Swap(true) {
		<-c.ended
		return nil
	}
	past := time.Unix(1, 0)
	c.wire.SetReadDeadline(past)
	c.wire.SetWriteDeadline(past)
	c.reading.Lock()
	c.writing.Lock()
	c.wire.SetReadDeadline(time.Time{})
	c.wire.SetWriteDeadline(time.Time{})
	c.writing.Unlock()
	c.reading.Unlock()
	close(c.ended)
	return nil
}

// Deadlines are the wire's own business: the server sets none that matters here.
func (c *conversation) SetDeadline(time.Time) error      { return os.ErrNoDeadline }
func (c *conversation) SetReadDeadline(time.Time) error  { return os.ErrNoDeadline }
func (c *conversation) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }
func (c *conversation) LocalAddr() net.Addr              { return address("guest") }
func (c *conversation) RemoteAddr() net.Addr             { return address("host") }

type address string

func (a address) Network() string { return "port" }
func (a address) String() string  { return string(a) }
