package sessions

import (
	"context"
	"sync"

	"banger.dev/guest/internal/process"
)

// writer is the role of the one that gives input while attached. It is held by an attachment that lives.
type writer struct {
	mutex sync.Mutex
	who   *Attachment
}

func (w *writer) isTaken() bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.who != nil
}

// Claim asks for the role of the writer.
type Claim struct {
	// The same one after a lost connection gets the role back
	Token string
	// From whoever has it
	Take bool
}

// Opening is how a session is attached to.
type Opening struct {
	// Where to begin; nil: before the last TailLines
	From      *Position
	TailLines uint32
	// Nil: both streams
	Only   *Stream
	Writer *Claim
}

// Attachment is one reader of a session, and perhaps its writer. The process never waits for it.
type Attachment struct {
	Session *Session
	// Replaced is closed when another one has taken the role of the writer.
	Replaced <-chan struct{}
	reader   *Reader
	claim    *Claim
	replaced chan struct{}
}

// Attach begins to read; Detach ends it. Where there is no input to give (any more), the role of the writer is not given.
func (s *Session) Attach(opening Opening) (*Attachment, error) {
	position := Position{}
	if opening.From != nil {
		position = *opening.From
	} else {
		position = s.journal.tail(opening.TailLines, opening.Only)
	}
	reader, err := s.journal.newReader(position, opening.Only)
	if err != nil {
		return nil, err
	}
	replaced := make(chan struct{})
	a := &Attachment{Session: s, Replaced: replaced, replaced: replaced, reader: reader, claim: opening.Writer}
	if err := s.writer.claim(a, s); err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.readers++
	return a, nil
}

func (w *writer) claim(a *Attachment, s *Session) error {
	if a.claim == nil || !s.input.isOpen() {
		return nil
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	switch {
	case w.who != nil && w.who.claim.Token != a.claim.Token && !a.claim.Take:
		return ErrOtherWrite
	case w.who != nil:
		close(w.who.replaced)
	}
	w.who = a
	return nil
}

// Detach gives the role back.
func (a *Attachment) Detach() {
	s := a.Session
	s.mutex.Lock()
	s.readers--
	s.mutex.Unlock()
	s.writer.mutex.Lock()
	defer s.writer.mutex.Unlock()
	if s.writer.who == a {
		s.writer.who = nil
	}
}

// IsWriter says whether it gives input now.
func (a *Attachment) IsWriter() bool {
	a.Session.writer.mutex.Lock()
	defer a.Session.writer.mutex.Unlock()
	return a.Session.writer.who == a
}

// Position is how far it has read.
func (a *Attachment) Position() Position { return a.reader.Position() }

// Taken is how much of this writer's input was taken before.
func (a *Attachment) Taken() uint64 {
	if a.claim == nil {
		return 0
	}
	return a.Session.input.taken(a.claim.Token)
}

// Next returns the next item with at most limit bytes, or none and what to wait for: nil when nothing comes any more.
func (a *Attachment) Next(limit int) (*Item, <-chan struct{}, error) {
	return a.reader.next(limit)
}

// Write gives the input of the writer; of one that was replaced nothing is taken.
func (a *Attachment) Write(ctx context.Context, piece Input) (uint64, error) {
	if !a.IsWriter() {
		return a.Taken(), nil
	}
	return a.Session.input.write(ctx, a.claim.Token, piece)
}

// Resize sets the terminal's size, if it is the writer.
func (a *Attachment) Resize(size process.Size) {
	if a.IsWriter() {
		a.Session.process.Resize(size)
	}
}
