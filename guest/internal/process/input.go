package process

import (
	"context"
	"time"
)

// WriteUntil gives the process input until ctx is done, and says how many bytes its pipe or terminal took. One caller at
// a time, and none of Write meanwhile.
func (p *Process) WriteUntil(ctx context.Context, b []byte) (int, error) {
	if p.files.input == nil {
		return len(b), nil
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		p.files.input.SetWriteDeadline(time.Now())
	})
	n, err := p.files.input.Write(b)
	if !stop() {
		<-interrupted
		p.files.input.SetWriteDeadline(time.Time{})
	}
	if ctx.Err() != nil && err != nil {
		err = ctx.Err()
	}
	return n, err
}
