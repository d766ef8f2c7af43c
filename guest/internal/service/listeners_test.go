package service

import (
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/gen/banger/guest/v1/guestv1connect"
	"banger.dev/guest/internal/boot"
)

func networkClient(t *testing.T, machine *boot.Machine) guestv1connect.NetworkServiceClient {
	t.Helper()
	client, _ := wired(t, machine)
	return guestv1connect.NewNetworkServiceClient(client, "http://guest")
}

func TestListenersAreToldWithoutTheAgentsOwn(t *testing.T) {
	own := listening(t, "tcp", "127.0.0.1:0", func(net.Conn) {})
	stream, err := networkClient(t, booted(t)).WatchListeners(t.Context(), connect.NewRequest(&guestv1.WatchListenersRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()

	if !stream.Receive() {
		t.Fatal(stream.Err())
	}

	isOwn := func(l *guestv1.Listener) bool { return l.GetPort() == uint32(portOf(own)) }
	if slices.ContainsFunc(stream.Msg().GetListeners(), isOwn) {
		t.Error(stream.Msg())
	}
}

func TestProbesAnswerInOrder(t *testing.T) {
	page := httptest.NewServer(http.NotFoundHandler())
	defer page.Close()
	silent := listening(t, "tcp", "127.0.0.1:0", func(conn net.Conn) { conn.Close() })
	web := uint32(portOf(page.Listener))

	response, err := networkClient(t, booted(t)).Probe(t.Context(), connect.NewRequest(&guestv1.ProbeRequest{
		Targets: []*guestv1.TcpTarget{{Port: uint32(portOf(silent))}, {Port: web, Address: "127.0.0.1"}},
	}))
	if err != nil {
		t.Fatal(err)
	}

	want := []guestv1.ProbeResponse_Scheme{guestv1.ProbeResponse_SCHEME_OTHER, guestv1.ProbeResponse_SCHEME_HTTP}
	if !slices.Equal(response.Msg.GetSchemes(), want) {
		t.Error(response.Msg)
	}
}

func TestNothingIsToldBeforeBootAndTooManyProbesAreRefused(t *testing.T) {
	stream, err := networkClient(t, &boot.Machine{}).WatchListeners(t.Context(), connect.NewRequest(&guestv1.WatchListenersRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	stream.Receive()
	many := &guestv1.ProbeRequest{Targets: make([]*guestv1.TcpTarget, maxProbes+1)}
	for i := range many.Targets {
		many.Targets[i] = &guestv1.TcpTarget{Port: 1}
	}
	_, manyErr := networkClient(t, booted(t)).Probe(t.Context(), connect.NewRequest(many))

	if connect.CodeOf(stream.Err()) != connect.CodeFailedPrecondition || connect.CodeOf(manyErr) != connect.CodeInvalidArgument {
		t.Error(stream.Err(), manyErr)
	}
}
