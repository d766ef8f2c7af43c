package sessions

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"banger.dev/guest/internal/process"
)

// maxTokens is how many writers are remembered, so that what they send again is taken once.
const maxTokens = 32

// endOfFile is ^D.
const endOfFile = 4

// Input is a piece of what a writer sends: bytes from an offset in all that it has sent, and the end of file after them.
type Input struct {
	Offset uint64
	Bytes  []byte
	EOF    bool
}

// input is the way into a process, for one piece at a time.
type input struct {
	process *process.Process
	takes   bool
	// Done when the session has ended
	over context.Context
	// Holds the turn to write
	turn chan struct{}

	mutex  sync.Mutex
	closed bool
	// The one used last comes last
	counts []*count
}

// count is how much of one writer's input was taken.
type count struct {
	token string
	taken uint64
	eof   bool
}

func newInput(p *process.Process, takes bool, over context.Context) *input {
	return &input{process: p, takes: takes, over: over, turn: make(chan struct{}, 1)}
}

func (in *input) isClosed() bool {
	in.mutex.Lock()
	defer in.mutex.Unlock()
	return in.closed
}

// isOpen says whether there is anything to write to.
func (in *input) isOpen() bool {
	return in.takes && !in.isClosed() && in.over.Err() == nil
}

// taken is how much of the writer's input was taken before.
func (in *input) taken(token string) uint64 {
	in.mutex.Lock()
	defer in.mutex.Unlock()
	return in.countOf(token).taken
}

// write waits until the process has taken everything, or ctx is done; either way it says how much of the writer's input
// is taken now. What was taken before is skipped.
func (in *input) write(ctx context.Context, token string, piece Input) (uint64, error) {
	select {
	case in.turn <- struct{}{}:
		defer func() { <-in.turn }()
	case <-ctx.Done():
		return in.taken(token), ctx.Err()
	case <-in.over.Done():
		return in.taken(token), ErrEnded
	}
	in.mutex.Lock()
	count, closed := in.countOf(token), in.closed
	in.mutex.Unlock()
	end := piece.Offset + uint64(len(piece.Bytes))
	switch {
	case piece.Offset > count.taken:
		return count.taken, fmt.Errorf("%w: input up to %d was taken, and from %d on was sent", ErrInvalid, count.taken, piece.Offset)
	case end < count.taken || end == count.taken && (!piece.EOF || count.eof):
		return count.taken, nil
	case in.over.Err() != nil:
		return count.taken, ErrEnded
	case !in.takes || closed:
		return count.taken, ErrNoInput
	}
	if err := in.pass(ctx, count, piece.Bytes[count.taken-piece.Offset:]); err != nil {
		return in.taken(token), err
	}
	if piece.EOF {
		return end, in.close(ctx, count)
	}
	return end, nil
}

func (in *input) pass(ctx context.Context, count *count, bytes []byte) error {
	alive, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(in.over, stop)()
	n, err := in.process.WriteUntil(alive, bytes)
	in.mutex.Lock()
	count.taken += uint64(n)
	in.mutex.Unlock()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case in.over.Err() != nil:
		return ErrEnded
	}
	return ErrNoInput
}

// close lets the process read end of file. A terminal stays open: there it is only a character.
func (in *input) close(ctx context.Context, count *count) error {
	if in.process.HasTerminal() {
		if _, err := in.process.WriteUntil(ctx, []byte{endOfFile}); err != nil {
			return err
		}
	} else {
		in.process.CloseInput()
	}
	in.mutex.Lock()
	defer in.mutex.Unlock()
	count.eof = true
	in.closed = !in.process.HasTerminal()
	return nil
}

// countOf needs the mutex.
func (in *input) countOf(token string) *count {
	at := slices.IndexFunc(in.counts, func(c *count) bool { return c.token == token })
	found := &count{token: token}
	if at >= 0 {
		found = in.counts[at]
		in.counts = slices.Delete(in.counts, at, at+1)
	} else if len(in.counts) == maxTokens {
		in.counts = slices.Delete(in.counts, 0, 1)
	}
	in.counts = append(in.counts, found)
	return found
}
