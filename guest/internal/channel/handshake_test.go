package channel

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

const (
	nonceA  = "0123456789abcdef0123456789abcdef"
	nonceB  = "fedcba9876543210fedcba9876543210"
	lineA   = greeting + nonceA + "\n"
	lineB   = greeting + nonceB + "\n"
	preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
)

// hear feeds text in pieces of the given length and returns what was answered and what the conversation starts with.
func hear(t testing.TB, text string, step int) (answered []string, early string, started bool) {
	t.Helper()
	var l listener
	for chunk := range slices.Chunk([]byte(text), step) {
		rest, ok, err := l.feed(chunk, func(nonce string) error {
			answered = append(answered, nonce)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if started {
			early += string(chunk)
		} else if ok {
			early, started = string(rest), true
		}
		if len(l.window) > 16*lineLength {
			t.Fatalf("the listener holds %d bytes", len(l.window))
		}
	}
	return answered, early, started
}

func TestHandshake(t *testing.T) {
	cases := []struct {
		name, text string
		answered   []string
		started    bool
	}{
		{"answers a line and starts with the preface", lineA + preface, []string{nonceA}, true},
		{"drops rubbish lines before", "boot: hello\r\n\x00\xff\n" + lineA + preface, []string{nonceA}, true},
		{"drops half a frame right before the line", "\x00\x40\x00\x00abc" + lineA + preface, []string{nonceA}, true},
		{"drops a megabyte without a line end", strings.Repeat("x", 1<<20) + lineA + preface, []string{nonceA}, true},
		{"answers a repeated line once", lineA + lineA + lineA + preface, []string{nonceA}, true},
		{"answers the newer host", lineA + lineB + preface, []string{nonceA, nonceB}, true},
		{"answers again after rubbish", lineA + "rubbish\n" + lineA + preface, []string{nonceA, nonceA}, true},
		{"does not start without a handshake", preface, nil, false},
		{"does not start after rubbish", lineA + "rubbish\n" + preface, []string{nonceA}, false},
		{"refuses an upper-case nonce", greeting + strings.ToUpper(nonceA) + "\n" + preface, nil, false},
		{"refuses a short nonce", greeting + nonceA[1:] + "\n" + preface, nil, false},
		{"refuses another version", "BANGER/2 " + nonceA + "\n" + preface, nil, false},
		{"refuses its own answer", "BANGER/1 OK " + nonceA + " dev\n", nil, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, step := range []int{1, 7, 4096, 2 << 20} {
				answered, early, started := hear(t, c.text, step)

				if !slices.Equal(answered, c.answered) || started != c.started {
					t.Fatalf("in pieces of %d: answered %q, started %v", step, answered, started)
				}
				if started && early != preface {
					t.Fatalf("in pieces of %d: starts with %q", step, early)
				}
			}
		})
	}
}

func TestAnswerIsOneLine(t *testing.T) {
	var wire bytes.Buffer

	answer(&wire, nonceA, "0011223344556677")

	if got := wire.String(); got != "BANGER/1 OK "+nonceA+" 0011223344556677\n" {
		t.Fatal(got)
	}
}

func FuzzHandshake(f *testing.F) {
	f.Add([]byte(lineA+preface), 5)
	f.Add([]byte("rubbish"+lineA+lineA+lineB+preface+"\x00\x00\x00\x04\x00"), 1)
	f.Add([]byte(strings.Repeat(greeting, 100)+"\n"), 64)
	f.Fuzz(func(t *testing.T, text []byte, step int) {
		step = max(1, min(step, 1<<16))
		answered, early, started := hear(t, string(text), step)

		for _, nonce := range answered {
			if !bytes.Contains(text, []byte(greeting+nonce+"\n")) {
				t.Fatalf("answered %q, which nobody sent", nonce)
			}
		}
		if started && (len(answered) == 0 || !bytes.HasSuffix(text, []byte(early))) {
			t.Fatalf("started with %q", early)
		}
	})
}
