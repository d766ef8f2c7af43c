// Package channel is the agent's end of the byte stream between host and guest: it waits for a host, shakes hands, and
// lets HTTP/2 run until the host goes away or another one greets.
//
// The stream is a virtio port, which outlives its users, or a vsock connection, of which each host makes its own. There is
// one conversation at a time. When it ends, for whatever reason, its requests are cancelled, nothing of it is written
// any more, and the next greeting is awaited: by the stream's own readiness events, without a timer.
package channel

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"

	"golang.org/x/net/http2"
)

const (
	maxConcurrentStreams = 1000
	// What waits for programs that do not read: one holds up nobody else until 128 of them do.
	streamWindow     = 256 << 10
	connectionWindow = 32 << 20
	maxReadFrame     = 64 << 10
	readChunk        = 4 << 10
	readBuffer       = 32 << 10
)

// Agent is who answers the host.
type Agent struct {
	// Told to hosts in the handshake
	Build   string
	Handler http.Handler
	// Writes a line to the console
	Note func(format string, args ...any)
}

// Serve holds one conversation after the other. It returns when the wire itself fails.
func (a Agent) Serve(ctx context.Context, wire Wire) error {
	var unread []byte
	for {
		early, err := listen(wire, unread, a.Build)
		if err != nil {
			return fmt.Errorf("wait for a host: %w", err)
		}
		unread = converse(ctx, newConversation(wire, early), a.Handler)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.Note("the host's conversation ended")
	}
}

// listen answers greetings until a conversation starts and returns its first bytes. A failed answer is the host's going
// away in that moment, so listening goes on.
func listen(wire Wire, unread []byte, build string) ([]byte, error) {
	var l listener
	reply := func(nonce string) error {
		// A host that does not take one line within this time is gone: the port buffers far more.
		wire.SetWriteDeadline(time.Now().Add(5 * time.Second))
		defer wire.SetWriteDeadline(time.Time{})
		if err := answer(wire, nonce, build); err != nil {
			l.answered = ""
		}
		return nil
	}
	chunk := make([]byte, readChunk)
	for {
		early, started, err := l.feed(unread, reply)
		if err != nil || started {
			return early, err
		}
		n, err := wire.ReadWhenOpen(chunk)
		if err != nil {
			return nil, err
		}
		unread = chunk[:n]
	}
}

// converse speaks HTTP/2 until the conversation ends and returns the bytes at its end that may be another host's.
func converse(ctx context.Context, c *conversation, handler http.Handler) []byte {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http2.Server{
		MaxConcurrentStreams:         maxConcurrentStreams,
		MaxReadFrameSize:             maxReadFrame,
		MaxUploadBufferPerStream:     streamWindow,
		MaxUploadBufferPerConnection: connectionWindow,
	}
	server.ServeConn(c, &http2.ServeConnOpts{
		Context:    ctx,
		Handler:    handler,
		BaseConfig: &http.Server{ErrorLog: discard},
	})
	c.Close()
	return c.late
}

// discard swallows the server's complaints about what hosts send; the end of the conversation is what counts.
var discard = log.New(io.Discard, "", 0)
