package service

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"golang.org/x/net/http2"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/gen/banger/guest/v1/guestv1connect"
	"banger.dev/guest/internal/boot"
	"banger.dev/guest/internal/identity"
)

type sessionsClient = guestv1connect.SessionsServiceClient

// sessionsGuest is a booted guest that hosts may connect to, one after the other.
func sessionsGuest(t *testing.T) func() (sessionsClient, net.Conn) {
	t.Helper()
	machine := &boot.Machine{}
	if err := machine.Boot(boot.Plan{}, func() (identity.Machine, error) { return identity.Machine{}, nil }); err != nil {
		t.Fatal(err)
	}
	handler := New("dev", machine, nil, t.Logf).Handler()
	return func() (sessionsClient, net.Conn) {
		guest, host := net.Pipe()
		go agentOf(handler).Serve(context.Background(), wire{guest})
		t.Cleanup(func() {
			host.Close()
			guest.Close()
		})
		io.WriteString(host, greeting)
		if _, err := io.ReadFull(host, make([]byte, len(welcome))); err != nil {
			t.Fatal(err)
		}
		connection, err := (&http2.Transport{AllowHTTP: true}).NewClientConn(host)
		if err != nil {
			t.Fatal(err)
		}
		return guestv1connect.NewSessionsServiceClient(&http.Client{Transport: connection}, "http://guest"), host
	}
}

func startSession(t *testing.T, client sessionsClient, request *guestv1.StartSessionRequest) *guestv1.Session {
	t.Helper()
	response, err := client.StartSession(t.Context(), connect.NewRequest(request))
	if err != nil || response.Msg.GetStarted() == nil {
		t.Fatal(response, err)
	}
	return response.Msg.GetStarted()
}

func named(name, script string) *guestv1.StartSessionRequest {
	return &guestv1.StartSessionRequest{Name: name, Command: shell(script)}
}

type attached struct {
	t      *testing.T
	stream *connect.BidiStreamForClient[guestv1.AttachSessionRequest, guestv1.AttachSessionResponse]
	first  *guestv1.SessionAttached
	stdout bytes.Buffer
	taken  uint64
}

func attach(t *testing.T, client sessionsClient, open *guestv1.AttachOpen) *attached {
	t.Helper()
	a, err := tryAttach(t, client, open)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func tryAttach(t *testing.T, client sessionsClient, open *guestv1.AttachOpen) (*attached, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	a := &attached{t: t, stream: client.AttachSession(ctx)}
	t.Cleanup(cancel)
	a.send(&guestv1.AttachSessionRequest{Kind: &guestv1.AttachSessionRequest_Open{Open: open}})
	a.grant(1 << 30)
	message, err := a.stream.Receive()
	a.first = message.GetAttached()
	return a, err
}

func (a *attached) send(request *guestv1.AttachSessionRequest) { a.stream.Send(request) }

func (a *attached) grant(bytes uint64) {
	a.send(&guestv1.AttachSessionRequest{Kind: &guestv1.AttachSessionRequest_GrantBytes{GrantBytes: bytes}})
}

func (a *attached) input(offset uint64, text string, eof bool) {
	input := &guestv1.SessionInput{Offset: offset, Bytes: []byte(text), Eof: eof}
	a.send(&guestv1.AttachSessionRequest{Kind: &guestv1.AttachSessionRequest_Input{Input: input}})
}

// until reads on until done says so; the last message is returned.
func (a *attached) until(done func(*guestv1.AttachSessionResponse) bool) *guestv1.AttachSessionResponse {
	a.t.Helper()
	for {
		message, err := a.stream.Receive()
		if err != nil {
			a.t.Fatalf("%v after %q", err, a.stdout.String())
		}
		a.stdout.Write(message.GetOutput().GetBytes())
		a.taken = max(a.taken, message.GetInputTaken())
		if done(message) {
			return message
		}
	}
}

func (a *attached) toEnd() *guestv1.Session {
	a.t.Helper()
	last := a.until(func(m *guestv1.AttachSessionResponse) bool { return m.GetEnded() != nil || m.GetCaughtUp() != nil })
	a.stream.CloseRequest()
	if last.GetEnded() != nil {
		return last.GetEnded()
	}
	return last.GetCaughtUp()
}

func (a *attached) untilText(text string) {
	a.t.Helper()
	a.until(func(*guestv1.AttachSessionResponse) bool { return strings.Contains(a.stdout.String(), text) })
}

func (a *attached) leave() {
	a.stream.CloseRequest()
	a.stream.CloseResponse()
}

var fromStart = &guestv1.AttachOpen_Position{Position: &guestv1.OutputPosition{}}
