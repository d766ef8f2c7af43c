package channel

import (
	"bytes"
	"fmt"
	"io"
)

// The handshake makes a fresh conversation out of a pipe that outlives its users. The host sends
//
//	BANGER/1 <nonce>\n
//
// with a nonce nobody used before, and repeats it until the guest answers
//
//	BANGER/1 OK <nonce> <agent build>\n
//
// Either side drops every byte that came before: the end of somebody else's frame, a boot message, noise. A line that
// is repeated after the answer is dropped too; a line with another nonce is another host, and is answered. The
// conversation starts with the first byte of HTTP/2's preface that follows.
const (
	greeting    = "BANGER/1 "
	nonceLength = 32
	lineLength  = len(greeting) + nonceLength + 1
	// The first bytes of HTTP/2's connection preface; no handshake line starts like it.
	prefaceStart = "PRI * HTTP/2.0\r\n"
)

// listener consumes bytes of the wire until a conversation starts. Its memory is bounded by a few lines.
type listener struct {
	window []byte
	// Bytes since the last line end.
	column int
	// The nonce answered last, while only its repetitions followed.
	answered string
}

// feed consumes bytes and answers through reply. When the preface begins, it returns what is to be read from there on.
func (l *listener) feed(chunk []byte, reply func(nonce string) error) (rest []byte, started bool, err error) {
	for i, b := range chunk {
		l.remember(b)
		if b != '\n' {
			continue
		}
		if l.answered != "" && l.column == len(prefaceStart) && bytes.HasSuffix(l.window, []byte(prefaceStart)) {
			rest = append([]byte(prefaceStart), chunk[i+1:]...)
			*l = listener{}
			return rest, true, nil
		}
		if err := l.endLine(reply); err != nil {
			return nil, false, err
		}
	}
	return nil, false, nil
}

func (l *listener) remember(b byte) {
	if len(l.window) == 16*lineLength {
		kept := copy(l.window, l.window[len(l.window)-lineLength+1:])
		l.window = l.window[:kept]
	}
	l.window = append(l.window, b)
	if l.column <= lineLength {
		l.column++
	}
}

func (l *listener) endLine(reply func(nonce string) error) error {
	nonce, ok := nonceOf(l.window)
	l.column = 0
	if !ok {
		l.answered = ""
		return nil
	}
	if nonce == l.answered {
		return nil
	}
	l.answered = nonce
	return reply(nonce)
}

// nonceOf finds the nonce when text ends in a handshake line. Rubbish without a line end may stand right before it:
// half a frame of the conversation that broke.
func nonceOf(text []byte) (string, bool) {
	if len(text) < lineLength || text[len(text)-1] != '\n' {
		return "", false
	}
	line := text[len(text)-lineLength:]
	if !bytes.HasPrefix(line, []byte(greeting)) {
		return "", false
	}
	nonce := line[len(greeting) : lineLength-1]
	for _, b := range nonce {
		if (b < '0' || b > '9') && (b < 'a' || b > 'f') {
			return "", false
		}
	}
	return string(nonce), true
}

func answer(w io.Writer, nonce, build string) error {
	_, err := fmt.Fprintf(w, "%sOK %s %s\n", greeting, nonce, build)
	return err
}
