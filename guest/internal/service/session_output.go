package service

import (
	"context"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
)

// forward sends output and returns the last message, or none when the host has left.
func (s *sessionStream) forward(ctx context.Context) (*guestv1.AttachSessionResponse, error) {
	replaced := s.attached.Replaced
	for {
		next, err := s.sendSome()
		switch {
		case err != nil:
			return nil, err
		case next.isOver:
			ended := &guestv1.AttachSessionResponse_Ended{Ended: sessionMessage(s.attached.Session)}
			return &guestv1.AttachSessionResponse{Kind: ended}, nil
		case next.caughtUp && !s.follow:
			caughtUp := &guestv1.AttachSessionResponse_CaughtUp{CaughtUp: sessionMessage(s.attached.Session)}
			return &guestv1.AttachSessionResponse{Kind: caughtUp}, nil
		}
		select {
		case <-next.changed:
		case <-s.granted:
		case <-replaced:
			replaced = nil
			kind := &guestv1.AttachSessionResponse_WriterReplaced{WriterReplaced: &guestv1.WriterReplaced{}}
			if err := s.send(&guestv1.AttachSessionResponse{Kind: kind}); err != nil {
				return nil, err
			}
		case <-s.left:
			return nil, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// prospect is what comes after the output that could be sent.
type prospect struct {
	// Nothing comes any more
	isOver bool
	// Nothing more has come yet
	caughtUp bool
	// Closed when something has; nil when more credit is needed first
	changed <-chan struct{}
}

// sendSome sends what there is, as far as the credit reaches.
func (s *sessionStream) sendSome() (prospect, error) {
	for {
		limit := s.limit()
		if limit == 0 {
			return prospect{}, nil
		}
		item, changed, err := s.attached.Next(limit)
		if err != nil {
			return prospect{}, sessionError(err)
		}
		if item == nil {
			return prospect{isOver: changed == nil, caughtUp: true, changed: changed}, nil
		}
		s.mutex.Lock()
		s.credit -= uint64(len(item.Bytes))
		s.mutex.Unlock()
		if err := s.send(itemMessage(item)); err != nil {
			return prospect{}, err
		}
	}
}

// limit is how much may be sent now.
func (s *sessionStream) limit() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return int(min(s.credit, outputChunk))
}

func (s *sessionStream) grant(bytes uint64) {
	const most = 1 << 40
	s.mutex.Lock()
	s.credit = min(s.credit+min(bytes, most), most)
	s.mutex.Unlock()
	select {
	case s.granted <- struct{}{}:
	default:
	}
}
