package service

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/boot"
	"banger.dev/guest/internal/forward"
)

// dialChunk is the most that one message carries.
const dialChunk = 256 << 10

// network implements network.proto.
type network struct {
	machine *boot.Machine
	dial    func(ctx context.Context, target forward.Target) (forward.Conn, error)
}

type dialStream = connect.BidiStream[guestv1.DialRequest, guestv1.DialResponse]

// Dial joins the stream to a connection until both directions have ended, one breaks, or the host goes away.
func (n *network) Dial(ctx context.Context, stream *dialStream) error {
	if !n.machine.Booted() {
		return notBooted()
	}
	first, err := stream.Receive()
	if err != nil {
		return err
	}
	target := first.GetTarget()
	if target == nil {
		return connect.NewError(connect.CodeInvalidArgument, errors.New("the first request is not target"))
	}
	conn, err := n.dial(ctx, targetOf(target))
	if err != nil {
		return stream.Send(dialFailure(err))
	}
	return (&junction{stream: stream, conn: conn, broken: make(chan error, 1)}).run(ctx)
}

func targetOf(target *guestv1.DialTarget) forward.Target {
	tcp := target.GetTcp()
	return forward.Target{Port: tcp.GetPort(), Address: tcp.GetAddress(), Path: target.GetUnixPath()}
}

// junction is one stream at one connection.
type junction struct {
	stream *dialStream
	conn   forward.Conn
	// broken gets why the connection takes no more bytes, once.
	broken chan error
}

// run ends when the host ends the stream, as with Exec: it does so when it has read everything.
func (j *junction) run(ctx context.Context) error {
	defer j.conn.Close()
	defer context.AfterFunc(ctx, func() { j.conn.Close() })()
	connected := &guestv1.DialConnected{}
	if err := j.stream.Send(&guestv1.DialResponse{Kind: &guestv1.DialResponse_Connected{Connected: connected}}); err != nil {
		return err
	}
	received := make(chan error, 1)
	go func() {
		err := j.receive()
		if err != nil {
			j.conn.Close() // Wakes the other direction.
		}
		received <- err
	}()
	broken := j.broken
	if err := j.send(); err != nil {
		j.stream.Send(dialFailure(err))
		broken = nil
	}
	for {
		select {
		case err := <-received:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case err := <-broken:
			j.stream.Send(dialFailure(err))
		}
	}
}

// send passes on what the connection says, until it says no more.
func (j *junction) send() error {
	buffer := make([]byte, dialChunk)
	for {
		n, err := j.conn.Read(buffer)
		if n > 0 {
			data := &guestv1.DialResponse_Data{Data: buffer[:n]}
			if err := j.stream.Send(&guestv1.DialResponse{Kind: data}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return j.stream.Send(&guestv1.DialResponse{Kind: &guestv1.DialResponse_Eof{Eof: &guestv1.DialEof{}}})
		}
		if err != nil {
			return err
		}
	}
}

// receive obeys requests until the host has no more. A connection that takes no more bytes may still have some to give,
// so the other direction decides when it is over, and what the host still sends is dropped.
func (j *junction) receive() error {
	isBroken := false
	for {
		request, err := j.stream.Receive()
		if errors.Is(err, io.EOF) {
			j.conn.CloseWrite()
			return nil
		}
		if err != nil {
			return err
		}
		switch kind := request.GetKind().(type) {
		case *guestv1.DialRequest_Data:
			if _, err := j.conn.Write(kind.Data); err != nil && !isBroken {
				isBroken = true
				j.broken <- err
			}
		case *guestv1.DialRequest_Eof:
			j.conn.CloseWrite()
		default:
			return connect.NewError(connect.CodeInvalidArgument, errors.New("a request after the first is target, or empty"))
		}
	}
}

func dialFailure(err error) *guestv1.DialResponse {
	failure := &guestv1.DialFailure{Reason: guestv1.DialFailure_REASON_BROKEN, Message: err.Error()}
	switch {
	case errors.Is(err, forward.ErrRefused):
		failure.Reason = guestv1.DialFailure_REASON_REFUSED
	case errors.Is(err, forward.ErrBadTarget):
		failure.Reason = guestv1.DialFailure_REASON_BAD_TARGET
	}
	return &guestv1.DialResponse{Kind: &guestv1.DialResponse_Failure{Failure: failure}}
}
