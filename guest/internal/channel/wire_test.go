package channel

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// serveOn runs Serve on one end of a pair and returns the other one.
func serveOn(t testing.TB, handler http.Handler) (host net.Conn, over <-chan struct{}) {
	t.Helper()
	guest, host := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		agentOf(handler).Serve(context.Background(), connectedWire{guest})
		guest.Close()
	}()
	t.Cleanup(func() {
		host.Close()
		<-done
	})
	return host, done
}

func agentOf(handler http.Handler) Agent {
	return Agent{Build: "dev", Handler: handler, Note: func(string, ...any) {}}
}

func expect(t testing.TB, host net.Conn, text string) {
	t.Helper()
	host.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := make([]byte, len(text))
	if _, err := io.ReadFull(host, got); err != nil || string(got) != text {
		t.Fatalf("read %q, %v; not %q", got, err, text)
	}
}

func TestANewHostIsAnsweredInTheMiddleOfAConversation(t *testing.T) {
	host, _ := serveOn(t, http.NotFoundHandler())
	io.WriteString(host, lineA)
	expect(t, host, "BANGER/1 OK "+nonceA+" dev\n")
	go io.Copy(io.Discard, io.LimitReader(host, 0))
	go io.WriteString(host, preface+frame(""))

	seen := make(chan error, 1)
	go func() { seen <- readUntil(host, "BANGER/1 OK "+nonceB+" dev\n") }()
	time.AfterFunc(20*time.Millisecond, func() { io.WriteString(host, lineB) })

	if err := <-seen; err != nil {
		t.Fatal(err)
	}
}

func readUntil(host net.Conn, text string) error {
	host.SetReadDeadline(time.Now().Add(10 * time.Second))
	var window []byte
	for b := make([]byte, 1); ; {
		if _, err := io.ReadFull(host, b); err != nil {
			return err
		}
		window = append(window, b[0])
		if len(window) >= len(text) && string(window[len(window)-len(text):]) == text {
			return nil
		}
	}
}

func FuzzServeConn(f *testing.F) {
	f.Add([]byte(frame("") + frame("abc")))
	f.Add([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678"))
	f.Add([]byte("\x00\x00\x05\x01\x05\x00\x00\x00\x01\x82\x86\x84\x41\x8a"))
	f.Add([]byte(lineB))
	f.Fuzz(func(t *testing.T, wireBytes []byte) {
		host, over := serveOn(t, http.NotFoundHandler())
		go io.Copy(io.Discard, host)

		host.SetWriteDeadline(time.Now().Add(5 * time.Second))
		io.WriteString(host, lineA+preface)
		host.Write(wireBytes)
		host.Close()

		select {
		case <-over:
		case <-time.After(10 * time.Second):
			t.Fatal("the conversation does not end")
		}
	})
}
