package sessions

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
)

const bound = 64 << 10

func aJournal(t *testing.T) *journal {
	t.Helper()
	j, err := newJournal(t.TempDir(), bound)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.closeFiles)
	return j
}

// readAll reads up to the end of what there is.
func readAll(t *testing.T, j *journal, from Position, only *Stream) (items []Item) {
	t.Helper()
	r, err := j.newReader(from, only)
	if err != nil {
		t.Fatal(err)
	}
	for {
		item, _, err := r.next(chunkBytes)
		if err != nil {
			t.Fatal(err)
		}
		if item == nil {
			return items
		}
		items = append(items, *item)
	}
}

func text(items []Item) (all string) {
	for _, item := range items {
		all += string(item.Bytes)
	}
	return all
}

func TestReadsBothStreamsInTheOrderTheyWereWritten(t *testing.T) {
	j := aJournal(t)
	want := ""
	for i := range 100 {
		line := fmt.Sprintf("%d\n", i)
		j.append(Stream(i*i%3%2), []byte(line))
		want += line
	}

	all := text(readAll(t, j, Position{}, nil))
	half := text(readAll(t, j, Position{uint64(len(want) / 4), 0}, nil))

	if all != want || len(half) != len(want)-len(want)/4 {
		t.Fatalf("%q, %q", all, half)
	}
}

func TestTellsExactlyWhatWasOverwritten(t *testing.T) {
	j := aJournal(t)
	written := make([]byte, 3*bound+777)
	for i := range written {
		written[i] = byte(rand.Uint32())
	}
	j.append(Stderr, []byte("old"))
	for rest := written; len(rest) > 0; {
		n := min(len(rest), 1+rand.IntN(9000))
		j.append(Stdout, rest[:n])
		rest = rest[n:]
	}

	items := readAll(t, j, Position{100, 0}, nil)

	lost := items[0]
	if lost.Bytes != nil || lost.Offset != 100 || lost.End != uint64(len(written)-bound) || lost.NotStored {
		t.Fatal(lost)
	}
	if got := text(items); got != "old"+string(written[len(written)-bound:]) {
		t.Fatal("the kept bytes are not the last ones", len(got))
	}
}

func TestAReaderThatIsOvertakenIsTold(t *testing.T) {
	j := aJournal(t)
	r, _ := j.newReader(Position{}, nil)
	j.append(Stdout, bytes.Repeat([]byte("a"), 1000))
	first, _, _ := r.next(10)

	for range 3 {
		j.append(Stdout, bytes.Repeat([]byte("b"), bound/2))
	}
	second, _, _ := r.next(10)
	third, _, _ := r.next(10)

	if string(first.Bytes) != "aaaaaaaaaa" || second.Bytes != nil || second.Offset != 10 || third.Offset != second.End {
		t.Fatal(first, second, third)
	}
	if string(third.Bytes) != "bbbbbbbbbb" || second.End != 1000+bound/2 {
		t.Fatal(second, third)
	}
}

func TestAChattyStreamKeepsTheOtherOne(t *testing.T) {
	j := aJournal(t)
	j.append(Stderr, []byte("warning\n"))
	for i := range 2 * maxRuns {
		j.append(Stdout, []byte{byte(i)})
		if i%100 == 0 {
			j.append(Stderr, []byte("."))
		}
	}

	only := Stderr
	errors := text(readAll(t, j, Position{}, &only))

	if len(j.runs) > maxRuns || len(errors) != len("warning\n")+2*maxRuns/100+1 {
		t.Fatal(len(j.runs), len(errors))
	}
}

func TestTooManyRunsCostTheOldestBytes(t *testing.T) {
	j := aJournal(t)
	for i := range 2 * maxRuns {
		j.append(Stream(i%2), []byte{byte(i)})
	}

	items := readAll(t, j, Position{}, nil)

	if len(j.runs) > maxRuns || items[0].Bytes != nil || items[1].Bytes != nil || items[2].Bytes == nil {
		t.Fatal(len(j.runs), items[:3])
	}
	if len(text(items)) < maxRuns/2 {
		t.Fatal(len(text(items)))
	}
}

func TestWhatTheDiskDoesNotTakeIsLostAndTheRestGoesOn(t *testing.T) {
	j := aJournal(t)
	j.append(Stdout, []byte("before "))
	good := j.rings[Stdout].file
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	j.rings[Stdout].file = full
	j.append(Stdout, []byte("missing"))
	j.rings[Stdout].file = good
	j.append(Stdout, []byte("after"))

	items := readAll(t, j, Position{}, nil)

	if text(items) != "before after" || !items[1].NotStored || items[1].Offset != 7 || items[1].End != 14 {
		t.Fatal(items)
	}
}

func TestTailFindsTheLastLines(t *testing.T) {
	j := aJournal(t)
	for i := range 20_000 {
		j.append(Stream(i/7%2), fmt.Appendf(nil, "line %d\n", i))
	}
	for _, c := range []struct {
		lines uint32
		want  string
	}{{0, ""}, {1, "line 19999\n"}, {3, "line 19997\nline 19998\nline 19999\n"}} {
		if got := text(readAll(t, j, j.tail(c.lines, nil), nil)); got != c.want {
			t.Errorf("%d lines: %q", c.lines, got)
		}
	}
	only := Stderr
	if got := text(readAll(t, j, j.tail(2, &only), &only)); got != "line 19997\nline 19998\n" && len(got) != 22 {
		t.Errorf("only stderr: %q", got)
	}
	if got := j.tail(1<<31, nil); got[Stdout] != j.kept[Stdout].Start || got[Stderr] != j.kept[Stderr].Start {
		t.Error(got, j.kept)
	}
	j.append(Stdout, []byte("no newline"))
	if got := text(readAll(t, j, j.tail(2, nil), nil)); got != "line 19999\nno newline" {
		t.Errorf("%q", got)
	}
}

func TestRefusesAPositionThatWasNotReached(t *testing.T) {
	j := aJournal(t)
	j.append(Stdout, []byte("abc"))

	_, err := j.newReader(Position{4, 0}, nil)

	if err != ErrAhead {
		t.Fatal(err)
	}
}
