package channel

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/mdlayher/vsock"
	"golang.org/x/net/http2"
)

// fromHost takes any connection for one of the host's.
func fromHost(net.Addr) bool { return true }

// listenFor serves connections and returns how to make one.
func listenFor(t *testing.T, handler http.Handler, options HostListener) func() net.Conn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vsock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	options.Listener = listener
	go func() { over <- agentOf(handler).ServeConnections(context.Background(), options) }()
	t.Cleanup(func() {
		listener.Close()
		if err := <-over; err == nil {
			t.Error("serving ended without a reason")
		}
	})
	return func() net.Conn {
		host, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { host.Close() })
		return host
	}
}

// begin shakes hands and returns an HTTP/2 client.
func begin(t *testing.T, host net.Conn, nonce string) *http2.ClientConn {
	t.Helper()
	io.WriteString(host, greeting+nonce+"\n")
	expect(t, host, "BANGER/1 OK "+nonce+" dev\n")
	host.SetReadDeadline(time.Time{})
	client, err := (&http2.Transport{AllowHTTP: true}).NewClientConn(host)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func ask(client *http2.ClientConn) error {
	request, _ := http.NewRequest(http.MethodGet, "http://guest/", nil)
	response, err := client.RoundTrip(request)
	if err == nil {
		response.Body.Close()
	}
	return err
}

func TestTheNewestConversationEndsTheOneBefore(t *testing.T) {
	started, cancelled := make(chan bool, 1), make(chan bool, 1)
	connect := listenFor(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			started <- true
			<-r.Context().Done()
			cancelled <- true
		}
	}), HostListener{IsHost: fromHost, Patience: time.Minute})
	first := begin(t, connect(), nonceA)
	waiting := make(chan error, 1)
	go func() {
		request, _ := http.NewRequest(http.MethodPost, "http://guest/", nil)
		_, err := first.RoundTrip(request)
		waiting <- err
	}()
	<-started

	second := begin(t, connect(), nonceB)

	if err := ask(second); err != nil {
		t.Fatal(err)
	}
	<-cancelled
	if err := <-waiting; err == nil {
		t.Fatal("the first conversation's request was answered")
	}
	if err := ask(first); err == nil {
		t.Fatal("the first conversation goes on")
	}
}

func TestAConversationMayFollowAnother(t *testing.T) {
	connect := listenFor(t, http.NotFoundHandler(), HostListener{IsHost: fromHost, Patience: time.Minute})
	for range 5 {
		host := connect()
		if err := ask(begin(t, host, nonceA)); err != nil {
			t.Fatal(err)
		}
		host.Close()
	}
}

func TestConnectionsWithoutGreetingAreInNobodysWay(t *testing.T) {
	connect := listenFor(t, http.NotFoundHandler(), HostListener{IsHost: fromHost, Patience: time.Minute})
	connect()
	talks := begin(t, connect(), nonceA)
	for range 20 {
		connect()
		io.WriteString(connect(), "\x00rubbish")
		connect().Close()
	}

	if err := ask(talks); err != nil {
		t.Fatal(err)
	}
}

func TestAConnectionOnWhichNobodyGreetsIsClosed(t *testing.T) {
	patience := 20 * time.Millisecond
	host := listenFor(t, http.NotFoundHandler(), HostListener{IsHost: fromHost, Patience: patience})()

	host.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, err := host.Read(make([]byte, 1))

	if err != io.EOF {
		t.Fatal(err)
	}
}

func TestOnlyTheHostIsAnswered(t *testing.T) {
	// A unix socket's address is not the host's.
	host := listenFor(t, http.NotFoundHandler(), HostListener{IsHost: isHost, Patience: time.Minute})()
	host.SetReadDeadline(time.Now().Add(10 * time.Second))

	io.WriteString(host, lineA)

	if n, err := host.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Fatal(n, err)
	}
	for cid, want := range map[uint32]bool{vsock.Host: true, vsock.Local: false, vsock.Hypervisor: false, 3: false} {
		if isHost(&vsock.Addr{ContextID: cid, Port: 1024}) != want {
			t.Fatal(cid)
		}
	}
}
