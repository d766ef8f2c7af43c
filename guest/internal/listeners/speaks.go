package listeners

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// Scheme is what a listener speaks, as far as a browser cares.
type Scheme string

const (
	HTTP  Scheme = "http"
	HTTPS Scheme = "https"
	Other Scheme = "other"
)

const (
	// Servers of many other protocols speak first; one that does is not asked anything.
	firstWord = 100 * time.Millisecond
	// The answer to one question
	answerTime = time.Second
)

// question is the smallest that HTTP knows. It has no Host, which other protocols' servers take for an attack.
const question = "HEAD / HTTP/1.0\r\n\r\n"

// What a server that is asked can do besides answering.
var (
	errSpokeFirst = errors.New("it spoke without being asked")
	errSilent     = errors.New("it said nothing")
	errNotHTTP    = errors.New("its answer is not HTTP's")
)

// Dialer connects to what is asked.
type Dialer func(context.Context) (net.Conn, error)

// Speaks finds out what listens somewhere, as a client would: with one question, and if its answer leaves that possible,
// with another one over TLS.
func Speaks(ctx context.Context, dial Dialer) Scheme {
	status, err := ask(ctx, dial)
	isPlain := err == nil && !strings.Contains(status, " 400 ") // What is said to plain HTTP where TLS is spoken.
	switch {
	case isPlain:
		return HTTP
	case errors.Is(err, errSpokeFirst) || errors.Is(err, errSilent):
		return Other
	case askSecurely(ctx, dial) == nil:
		return HTTPS
	case err == nil:
		return HTTP
	}
	return Other
}

func ask(ctx context.Context, dial Dialer) (status string, err error) {
	conn, err := dial(ctx)
	if err != nil {
		return "", errSilent
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	conn.SetReadDeadline(time.Now().Add(firstWord))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		return "", errSpokeFirst
	}
	return statusOf(conn)
}

func askSecurely(ctx context.Context, dial Dialer) error {
	conn, err := dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	conn.SetDeadline(time.Now().Add(answerTime))
	// Nothing is said over it that anybody could want to hear.
	secured := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, ServerName: "localhost", MinVersion: tls.VersionTLS10})
	if err := secured.HandshakeContext(ctx); err != nil {
		return err
	}
	_, err = statusOf(secured)
	return err
}

// statusOf asks, and returns the first line of the answer.
func statusOf(conn net.Conn) (string, error) {
	conn.SetDeadline(time.Now().Add(answerTime))
	if _, err := io.WriteString(conn, question); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(io.LimitReader(conn, 256)).ReadString('\n')
	switch {
	case strings.HasPrefix(line, "HTTP/"):
		return line, nil
	case line == "" && errors.Is(err, os.ErrDeadlineExceeded):
		return "", errSilent
	}
	return "", errNotHTTP
}
