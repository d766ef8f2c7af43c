package sessions

import (
	"context"
	"io"
	"os"
	"sync"
	"time"

	"banger.dev/guest/internal/process"
)

// lingering is how long output counts after the process has ended: a grandchild that keeps on writing is not the session.
// Shorter in tests.
var lingering = 5 * time.Second

// Session is a command with a name. It ends once: when its process has ended and all that it wrote is in the journal.
type Session struct {
	ID, Name  string
	Order     Order
	PID       int
	StartedAt time.Time

	process *process.Process
	journal *journal
	input   *input
	writer  writer
	dir     string

	// Done when it has ended
	over  context.Context
	ended context.CancelFunc

	mutex   sync.Mutex
	exit    process.Exit
	endedAt time.Time
	readers int
}

type attachedParts struct {
	process *process.Process
	journal *journal
	dir     string
}

func newSession(id string, order Order, parts attachedParts) *Session {
	over, ended := context.WithCancel(context.Background())
	s := &Session{
		ID: id, Name: order.Name, Order: order, PID: parts.process.PID, StartedAt: time.Now(),
		process: parts.process, journal: parts.journal, dir: parts.dir, over: over, ended: ended,
	}
	takesInput := order.Command.Stdin || order.Command.Terminal != nil
	s.input = newInput(parts.process, takesInput, over)
	go s.keep()
	return s
}

// keep writes the process's output into the journal until it has ended.
func (s *Session) keep() {
	var outputs sync.WaitGroup
	outputs.Go(func() { s.keepStream(Stdout, s.process.Stdout) })
	if s.process.Stderr != nil {
		outputs.Go(func() { s.keepStream(Stderr, s.process.Stderr) })
	}
	read := make(chan struct{})
	go func() {
		outputs.Wait()
		close(read)
	}()
	<-s.process.Done
	select {
	case <-read:
	case <-time.After(lingering):
	}
	s.process.Close()
	<-read
	s.mutex.Lock()
	s.exit, s.endedAt = s.process.Exit(), time.Now()
	s.mutex.Unlock()
	s.ended()
	s.journal.close()
}

func (s *Session) keepStream(stream Stream, output io.Reader) {
	buffer := make([]byte, chunkBytes)
	for {
		n, err := output.Read(buffer)
		if n > 0 {
			s.journal.append(stream, buffer[:n])
		}
		if err != nil {
			return
		}
	}
}

// HasEnded says whether there will be no more output.
func (s *Session) HasEnded() bool { return s.over.Err() != nil }

// Over is closed when it has ended.
func (s *Session) Over() <-chan struct{} { return s.over.Done() }

// Exit is how it ended; valid once it has.
func (s *Session) Exit() process.Exit {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.exit
}

// EndedAt is when; zero while it runs.
func (s *Session) EndedAt() time.Time {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.endedAt
}

// Kept is what can be read of both streams.
func (s *Session) Kept() [streams]Kept { return s.journal.keptNow() }

// Readers counts those that are attached.
func (s *Session) Readers() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.readers
}

// HasWriter says whether somebody is attached as the writer.
func (s *Session) HasWriter() bool { return s.writer.isTaken() }

// InputClosed says whether its stdin was closed.
func (s *Session) InputClosed() bool { return s.input.isClosed() }

// Signal goes to the process group.
func (s *Session) Signal(signal int) error {
	if s.process.Signal(signal) != nil {
		return ErrEnded
	}
	return nil
}

// Stop asks the process group to end, and kills what is left of it after the grace time; it waits for the end.
func (s *Session) Stop(ctx context.Context, grace time.Duration) error {
	s.process.Stop(grace)
	select {
	case <-s.Over():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Write gives input without being the writer.
func (s *Session) Write(ctx context.Context, token string, piece Input) (uint64, error) {
	return s.input.write(ctx, token, piece)
}

func (s *Session) discard() {
	s.journal.remove()
	os.RemoveAll(s.dir)
}
