package listeners

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func to(address string) Dialer {
	return func(ctx context.Context) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "tcp", address)
	}
}

// served returns the address of a server that does this with each connection.
func served(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
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
	return listener.Addr().String()
}

func TestWhatAServerSpeaksIsFound(t *testing.T) {
	page := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	plain, secured := httptest.NewServer(page), httptest.NewTLSServer(page)
	defer plain.Close()
	defer secured.Close()
	cases := map[string]struct {
		address string
		want    Scheme
	}{
		"a web server":                       {plain.Listener.Addr().String(), HTTP},
		"a web server behind TLS":            {secured.Listener.Addr().String(), HTTPS},
		"a server that refuses the question": {served(t, answering("HTTP/1.1 400 Bad Request\r\n\r\n")), HTTP},
		"a server that greets":               {served(t, greeting("SSH-2.0-x\r\n")), Other},
		"a server that says something else":  {served(t, answering("-ERR unknown command\r\n")), Other},
		"a server that hangs up":             {served(t, func(conn net.Conn) { conn.Close() }), Other},
		"nobody":                             {nowhere(t), Other},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Speaks(t.Context(), to(c.address)); got != c.want {
				t.Error(got)
			}
		})
	}
}

func TestAServerThatSaysNothingIsGivenUp(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()

	begin := time.Now()
	got := Speaks(ctx, to(served(t, func(net.Conn) {})))

	if got != Other || time.Since(begin) > 2*time.Second {
		t.Error(got, time.Since(begin))
	}
}

func answering(text string) func(net.Conn) {
	return func(conn net.Conn) {
		defer conn.Close()
		conn.Read(make([]byte, 100))
		io.WriteString(conn, text)
	}
}

func greeting(text string) func(net.Conn) {
	return func(conn net.Conn) { io.WriteString(conn, text) }
}

func nowhere(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
