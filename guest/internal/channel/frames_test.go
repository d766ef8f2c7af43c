package channel

import (
	"strings"
	"testing"
)

func frame(payload string) string {
	n := len(payload)
	return string([]byte{byte(n >> 16), byte(n >> 8), byte(n), 0, 0, 0, 0, 0, 1}) + payload
}

func TestFramesLetAConversationPass(t *testing.T) {
	text := preface + frame("") + frame(strings.Repeat(lineA, 20)) + frame("x")
	for _, step := range []int{1, 5, 100, 4096} {
		f := newFrames()
		for at := 0; at < len(text); at += step {
			chunk := text[at:min(at+step, len(text))]

			if ours := f.next([]byte(chunk)); ours != len(chunk) {
				t.Fatalf("in pieces of %d: only %d of the %d bytes at %d pass", step, ours, len(chunk), at)
			}
		}
	}
}

func TestFramesSeeANewHostAtABoundary(t *testing.T) {
	f := newFrames()
	before := preface + frame("abc")

	ours := f.next([]byte(before + lineA))

	if ours != len(before) {
		t.Fatalf("%d bytes pass, not %d", ours, len(before))
	}
}

func TestFramesSeeANewHostInsideOfAFrame(t *testing.T) {
	f := newFrames()
	f.next([]byte(preface + frame(strings.Repeat("x", 5000))[:100]))

	first, second, third := f.next([]byte(lineA)), f.next([]byte(lineA+lineA)), f.next([]byte(lineA))

	if first != len(lineA) || second != 2*len(lineA) || third != 0 {
		t.Fatal(first, second, third)
	}
}

// However the bytes are cut, the same of them belong to the conversation: as long as no cut makes them look like a
// waiting host, which the last byte alone in its read cannot.
func FuzzFrames(f *testing.F) {
	f.Add([]byte(preface+frame("")+frame("abc")), uint8(3))
	f.Add([]byte(preface+frame("abc")+lineA+lineB), uint8(1))
	f.Add([]byte(preface+"\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678"+lineA), uint8(7))
	f.Add([]byte(lineA), uint8(9))
	f.Fuzz(func(t *testing.T, wire []byte, cut uint8) {
		whole := newFrames()
		want := whole.next(wire)
		if want < 0 || want > len(wire) {
			t.Fatalf("%d of %d bytes", want, len(wire))
		}
		if want == 0 {
			return
		}
		pieces := newFrames()
		got := 0
		for rest := wire; len(rest) > 0; {
			size := min(int(cut%8)+1, len(rest))
			n := pieces.next(rest[:size])
			if n < 0 || n > size {
				t.Fatalf("%d of %d bytes", n, size)
			}
			got += n
			if n < size {
				break
			}
			rest = rest[size:]
		}
		// Of a greeting, up to a frame header's length may have been let through before it was known for one.
		if got < want || got > want+frameHeaderLength {
			t.Fatalf("cut into %d: %d bytes belong to the conversation, whole: %d", int(cut%8)+1, got, want)
		}
	})
}
