package service

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/gen/banger/guest/v1/guestv1connect"
	"banger.dev/guest/internal/boot"
)

type dialClient = connect.BidiStreamForClient[guestv1.DialRequest, guestv1.DialResponse]

func dialed(t *testing.T, machine *boot.Machine, target *guestv1.DialTarget) *dialClient {
	t.Helper()
	client, _ := wired(t, machine)
	stream := guestv1connect.NewNetworkServiceClient(client, "http://guest").Dial(t.Context())
	t.Cleanup(func() { stream.CloseRequest(); stream.CloseResponse() })
	if err := stream.Send(&guestv1.DialRequest{Kind: &guestv1.DialRequest_Target{Target: target}}); err != nil {
		t.Fatal(err)
	}
	return stream
}

func toPort(port int) *guestv1.DialTarget {
	return &guestv1.DialTarget{Kind: &guestv1.DialTarget_Tcp{Tcp: &guestv1.TcpTarget{Port: uint32(port)}}}
}

func listening(t *testing.T, network, address string, serve func(net.Conn)) net.Listener {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return listener
}

func portOf(listener net.Listener) int { return listener.Addr().(*net.TCPAddr).Port }

// answers collects what comes until the end, a failure, or eof when the host's half is open still.
func answers(t *testing.T, stream *dialClient) (data []byte, eof bool, failure *guestv1.DialFailure) {
	t.Helper()
	for {
		message, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return data, eof, failure
		}
		if err != nil {
			t.Fatal(err)
		}
		switch kind := message.GetKind().(type) {
		case *guestv1.DialResponse_Data:
			data = append(data, kind.Data...)
		case *guestv1.DialResponse_Eof:
			eof = true
			stream.CloseRequest()
		case *guestv1.DialResponse_Failure:
			failure = kind.Failure
			stream.CloseRequest()
		}
	}
}

func TestDialEndsEachDirectionByItself(t *testing.T) {
	listener := listening(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
		defer conn.Close()
		all, _ := io.ReadAll(conn) // Answers only after the host's half has ended.
		conn.Write(bytes.ToUpper(all))
	})
	stream := dialed(t, booted(t), toPort(portOf(listener)))
	input := bytes.Repeat([]byte("banger "), 50_000)
	for rest := input; len(rest) > 0; rest = rest[min(len(rest), 60_000):] {
		if err := stream.Send(&guestv1.DialRequest{Kind: &guestv1.DialRequest_Data{Data: rest[:min(len(rest), 60_000)]}}); err != nil {
			t.Fatal(err)
		}
	}
	stream.Send(&guestv1.DialRequest{Kind: &guestv1.DialRequest_Eof{Eof: &guestv1.DialEof{}}})

	data, eof, failure := answers(t, stream)

	if !bytes.Equal(data, bytes.ToUpper(input)) || !eof || failure != nil {
		t.Fatal(len(data), eof, failure)
	}
}

func TestDialReachesUnixSocketsAndIPv6(t *testing.T) {
	greet := func(conn net.Conn) {
		io.WriteString(conn, "hello")
		conn.Close()
	}
	path := filepath.Join(t.TempDir(), "socket")
	listening(t, "unix", path, greet)
	targets := []*guestv1.DialTarget{{Kind: &guestv1.DialTarget_UnixPath{UnixPath: path}}}
	if probe, err := net.Listen("tcp", "[::1]:0"); err == nil {
		probe.Close()
		targets = append(targets, toPort(portOf(listening(t, "tcp", "[::1]:0", greet))))
	}
	for _, target := range targets {
		data, eof, failure := answers(t, dialed(t, booted(t), target))

		if string(data) != "hello" || !eof || failure != nil {
			t.Error(target, string(data), eof, failure)
		}
	}
}

func TestDialSaysWhyNot(t *testing.T) {
	closed := listening(t, "tcp", "127.0.0.1:0", func(net.Conn) {})
	port := portOf(closed)
	closed.Close()
	cases := map[guestv1.DialFailure_Reason]*guestv1.DialTarget{
		guestv1.DialFailure_REASON_REFUSED:    toPort(port),
		guestv1.DialFailure_REASON_BAD_TARGET: toPort(70_000),
	}
	for reason, target := range cases {
		_, _, failure := answers(t, dialed(t, booted(t), target))

		if failure.GetReason() != reason {
			t.Error(target, failure)
		}
	}
}

func TestDialTellsOfAReset(t *testing.T) {
	listener := listening(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
		io.ReadFull(conn, make([]byte, 1))
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	})
	stream := dialed(t, booted(t), toPort(portOf(listener)))
	stream.Send(&guestv1.DialRequest{Kind: &guestv1.DialRequest_Data{Data: []byte("xy")}})

	_, _, failure := answers(t, stream)

	if failure.GetReason() != guestv1.DialFailure_REASON_BROKEN {
		t.Fatal(failure)
	}
}

func TestDialCancelledClosesTheConnection(t *testing.T) {
	closed := make(chan error, 1)
	listener := listening(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
		_, err := io.ReadAll(conn)
		closed <- err
	})
	machine := booted(t)
	_, host := wired(t, machine)
	host.Close() // Another host's end is not this one's.
	client, wire := wired(t, machine)
	stream := guestv1connect.NewNetworkServiceClient(client, "http://guest").Dial(t.Context())
	stream.Send(&guestv1.DialRequest{Kind: &guestv1.DialRequest_Target{Target: toPort(portOf(listener))}})
	if _, err := stream.Receive(); err != nil {
		t.Fatal(err)
	}

	wire.Close()

	<-closed
}

func TestDialNeedsABootedGuest(t *testing.T) {
	stream := dialed(t, &boot.Machine{}, toPort(1))

	_, err := stream.Receive()

	if connect.CodeOf(err) != connect.CodeFailedPrecondition {
		t.Fatal(err)
	}
}

func TestDialsThatNobodyReadsHoldUpNobodyElse(t *testing.T) {
	stuck := make(chan net.Conn, 20)
	path := filepath.Join(t.TempDir(), "socket")
	listening(t, "unix", path, func(conn net.Conn) { stuck <- conn })
	target := &guestv1.DialTarget{Kind: &guestv1.DialTarget_UnixPath{UnixPath: path}}
	client, _ := wired(t, booted(t))
	dialer := guestv1connect.NewNetworkServiceClient(client, "http://guest")
	for range cap(stuck) {
		stream := dialer.Dial(t.Context())
		stream.Send(&guestv1.DialRequest{Kind: &guestv1.DialRequest_Target{Target: target}})
		if _, err := stream.Receive(); err != nil {
			t.Fatal(err)
		}
		go func() {
			data := &guestv1.DialRequest_Data{Data: make([]byte, 60_000)}
			for stream.Send(&guestv1.DialRequest{Kind: data}) == nil {
			}
		}()
	}
	time.Sleep(time.Second) // Everything that can be sent has been.

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	guest := guestv1connect.NewGuestServiceClient(client, "http://guest")
	_, err := guest.Sync(ctx, connect.NewRequest(&guestv1.SyncRequest{}))

	if err != nil {
		t.Fatal(err)
	}
}
