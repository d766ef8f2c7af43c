package sessions

import "errors"

// chunkBytes is the most that one Item carries.
const chunkBytes = 32 << 10

// Item is what a reader comes upon: bytes of a stream, or a range of it that cannot be read any more.
type Item struct {
	Stream Stream
	Offset uint64
	// Nil: what is lost, up to End
	Bytes []byte
	End   uint64
	// Of what is lost: the disk did not take it; else it was overwritten
	NotStored bool
}

// Reader goes through a session's output in the order in which it was written.
type Reader struct {
	journal  *journal
	position Position
	only     [streams]bool
	// Where to look on in the journal's runs, as of that many tidyings
	place  int
	tidied uint64
}

// ErrAhead refuses a position that the output has not reached.
var ErrAhead = errors.New("the position lies beyond the end of the output")

// newReader reads both streams, or only one.
func (j *journal) newReader(position Position, only *Stream) (*Reader, error) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	r := &Reader{journal: j, position: position}
	for stream := range streams {
		r.only[stream] = only == nil || *only == stream
		if position[stream] > j.kept[stream].End {
			return nil, ErrAhead
		}
	}
	return r, nil
}

// Position is how far it has read.
func (r *Reader) Position() Position { return r.position }

// next returns the next item with at most limit bytes, or none and what to wait for: nil when nothing comes any more.
func (r *Reader) next(limit int) (*Item, <-chan struct{}, error) {
	j := r.journal
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if j.removed {
		return nil, nil, ErrRemoved
	}
	if lost := r.overtaken(); lost != nil {
		return lost, nil, nil
	}
	if piece, found := r.find(); found {
		return r.take(piece, limit), nil, nil
	}
	if j.closed {
		return nil, nil, nil
	}
	return nil, j.changed, nil
}

// overtaken is what the writers have overwritten before it was read.
func (r *Reader) overtaken() *Item {
	for stream := range streams {
		start := r.journal.kept[stream].Start
		if r.only[stream] && r.position[stream] < start {
			lost := &Item{Stream: stream, Offset: r.position[stream], End: start}
			r.position[stream] = start
			return lost
		}
	}
	return nil
}

// find returns the oldest run that has not been read to its end.
func (r *Reader) find() (run, bool) {
	runs := r.journal.runs
	if r.tidied != r.journal.tidied {
		r.tidied, r.place = r.journal.tidied, 0
	}
	for ; r.place < len(runs); r.place++ {
		piece := runs[r.place]
		if r.only[piece.stream] && piece.end() > r.position[piece.stream] {
			return piece, true
		}
		// The last one may still grow.
		if r.place == len(runs)-1 {
			break
		}
	}
	return run{}, false
}

func (r *Reader) take(piece run, limit int) *Item {
	stream := Stream(piece.stream)
	from := r.position[stream]
	if !piece.stored {
		r.position[stream] = piece.end()
		return &Item{Stream: stream, Offset: from, End: piece.end(), NotStored: true}
	}
	bytes := make([]byte, min(piece.end()-from, uint64(limit), chunkBytes))
	r.position[stream] = from + uint64(len(bytes))
	item := &Item{Stream: stream, Offset: from, End: r.position[stream], Bytes: bytes}
	if r.journal.rings[stream].read(from, bytes) != nil {
		item.Bytes, item.NotStored = nil, true
	}
	return item
}
