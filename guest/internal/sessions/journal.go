package sessions

import (
	"errors"
	"path/filepath"
	"sync"
)

// Stream is one of a process's outputs.
type Stream int

const (
	Stdout Stream = iota
	Stderr
	streams
)

// Position is an absolute offset in each stream: how many of its bytes a reader has had.
type Position [streams]uint64

// Kept is which bytes of a stream can still be read, unless the disk did not take some of them.
type Kept struct {
	Start, End uint64
}

// maxRuns bounds what a journal holds in memory: 24 bytes each.
const maxRuns = 16 << 10

// maxRunBytes keeps the length of a run small enough for its field.
const maxRunBytes = 1 << 20

// ErrRemoved ends the reading of a session that was removed.
var ErrRemoved = errors.New("the session was removed")

// run is a piece of one stream between pieces of the other: runs are what keeps the order between the two.
type run struct {
	start  uint64
	length uint32
	stream uint8
	// False: the disk did not take it
	stored bool
}

func (r run) end() uint64 { return r.start + uint64(r.length) }

// journal keeps the newest output of a process: its bytes in one ring per stream, their order in memory. Writers never
// wait for readers.
type journal struct {
	rings [streams]*ring
	bound uint64

	mutex sync.Mutex
	kept  [streams]Kept
	// Oldest first; those whose bytes are gone may linger until the next tidying
	runs []run
	// Counts tidyings, after which a reader's place in runs means nothing
	tidied  uint64
	closed  bool
	removed bool
	// Closed at the next change
	changed chan struct{}
}

func newJournal(dir string, bound uint64) (*journal, error) {
	j := &journal{bound: bound, changed: make(chan struct{})}
	for stream, name := range [streams]string{"stdout", "stderr"} {
		r, err := newRing(filepath.Join(dir, name), bound)
		if err != nil {
			j.closeFiles()
			return nil, err
		}
		j.rings[stream] = r
	}
	return j, nil
}

// append keeps the bytes, at most bound of them, in place of the oldest ones. What the disk does not take is remembered
// as missing.
func (j *journal) append(stream Stream, bytes []byte) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if j.removed || len(bytes) == 0 {
		return
	}
	kept := &j.kept[stream]
	piece := run{start: kept.End, length: uint32(len(bytes)), stream: uint8(stream)}
	kept.End = piece.end()
	if kept.End > j.bound {
		kept.Start = max(kept.Start, kept.End-j.bound)
	}
	piece.stored = j.rings[stream].write(piece.start, bytes) == nil
	j.add(piece)
	j.tell()
}

func (j *journal) add(piece run) {
	if last := len(j.runs) - 1; last >= 0 {
		before := &j.runs[last]
		joins := before.stream == piece.stream && before.stored == piece.stored
		if joins && before.length+piece.length <= maxRunBytes {
			before.length += piece.length
			return
		}
	}
	if len(j.runs) == maxRuns {
		j.tidy()
	}
	j.runs = append(j.runs, piece)
}

// tidy drops the runs whose bytes are gone, and the oldest ones with their bytes where that does not make enough room.
func (j *journal) tidy() {
	const room = maxRuns / 4
	left := j.runs[:0]
	for _, r := range j.runs {
		if r.end() > j.kept[r.stream].Start {
			left = append(left, r)
		}
	}
	if excess := len(left) - (maxRuns - room); excess > 0 {
		for _, r := range left[:excess] {
			j.kept[r.stream].Start = max(j.kept[r.stream].Start, r.end())
		}
		left = append(left[:0], left[excess:]...)
	}
	j.runs = left
	j.tidied++
}

func (j *journal) tell() {
	close(j.changed)
	j.changed = make(chan struct{})
}

// close says that nothing comes any more.
func (j *journal) close() {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.closed = true
	j.tell()
}

// remove gives the files back; readers at work are told.
func (j *journal) remove() {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.removed = true
	j.closeFiles()
	j.tell()
}

func (j *journal) closeFiles() {
	for _, r := range j.rings {
		if r != nil {
			r.file.Close()
		}
	}
}

func (j *journal) keptNow() [streams]Kept {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.kept
}
