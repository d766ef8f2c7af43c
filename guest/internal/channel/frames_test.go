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
