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
	unread []byte
	// Bytes of this conversation that the server has not asked for yet: it reads nine, a frame's header, and then the rest.
	checked []byte
	buffer  []byte
	// What was read last and may contain the greeting of the host that ended this conversation.
	late []byte

	closing atomic.Bool
	ended   chan struct{}
	reading sync.Mutex
	writing sync.Mutex
}

func newConversation(wire Wire, early []byte) *conversation {
	return &conversation{
		wire: wire, frames: newFrames(), unread: early, buffer: make([]byte, readBuffer), ended: make(chan struct{}),
	}
}

func (c *conversation) Read(p []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if c.closing.Load() {
		return 0, net.ErrClosed
	}
	if len(c.checked) == 0 {
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.checked)
	c.checked = c.checked[n:]
	return n, nil
}

// fill reads once from the wire, which has at most a page at a time, and lets through what belongs to this conversation.
func (c *conversation) fill() error {
	chunk := c.unread
	c.unread = nil
	if len(chunk) == 0 {
		n, err := c.wire.Read(c.buffer)
		if err != nil {
			return err
		}
		chunk = c.buffer[:n]
	}
	ours := c.frames.next(chunk)
	c.late = append(c.late[:0], chunk[max(0, min(ours, len(chunk)-lineLength)):]...)
	if ours < len(chunk) {
		return io.EOF
	}
	c.checked = chunk
	return nil
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
