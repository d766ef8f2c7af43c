package process

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// silence is how long an output stream may stay quiet after its process ended before it counts as finished. A grandchild
// in the background may keep the pipe open for ever; what a process wrote before it ended is in the pipe already.
const silence = 250 * time.Millisecond

// output reads a process's output up to its end.
type output struct {
	process *Process
	file    *os.File
}

func (o *output) Read(p []byte) (int, error) {
	for {
		// The deadline counts from here, not from the last byte: meanwhile the reader of this stream may have been slow.
		if o.process.ended.Load() {
			o.file.SetReadDeadline(time.Now().Add(silence))
		}
		n, err := o.file.Read(p)
		switch {
		case n > 0:
			return n, nil
		case errors.Is(err, unix.EIO):
			// A terminal that nobody has open any more.
			return 0, io.EOF
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return 0, err
		}
		// A machine that stood still for longer than the silence has not looked for bytes at all.
		if n := o.readAvailable(p); n > 0 {
			return n, nil
		}
		// Only the end sets deadlines, so it was the silence after it that passed.
		if o.process.ended.Load() {
			return 0, io.EOF
		}
	}
}

// readAvailable takes what is there without waiting.
func (o *output) readAvailable(p []byte) int {
	raw, err := o.file.SyscallConn()
	if err != nil {
		return 0
	}
	n := 0
	raw.Control(func(fd uintptr) {
		n, _ = unix.Read(int(fd), p)
	})
	return max(n, 0)
}
