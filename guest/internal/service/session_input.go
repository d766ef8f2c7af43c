package service

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/sessions"
)

// maxPiecesUnderWay bounds pieces as maxInputUnderWay bounds their bytes.
const maxPiecesUnderWay = 1024

// accept queues input for passInput: a process that does not read must not keep the host's other requests waiting.
func (s *sessionStream) accept(input *guestv1.SessionInput) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.underWay += len(input.GetBytes())
	if s.underWay > maxInputUnderWay || len(s.inputs) == maxPiecesUnderWay {
		return connect.NewError(connect.CodeInvalidArgument, errors.New("more input is under way than may be"))
	}
	s.inputs <- input
	return nil
}

// passInput gives the session its input, piece by piece, and tells the host how much was taken. An input that takes no
// more is no failure of the stream: its output goes on.
func (s *sessionStream) passInput(ctx context.Context) {
	for {
		select {
		case input := <-s.inputs:
			if err := s.pass(ctx, input); err != nil {
				s.fail(err)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (s *sessionStream) pass(ctx context.Context, input *guestv1.SessionInput) error {
	taken, err := s.attached.Write(ctx, inputOf(input))
	s.mutex.Lock()
	s.underWay -= len(input.GetBytes())
	s.mutex.Unlock()
	response := &guestv1.AttachSessionResponse{Kind: &guestv1.AttachSessionResponse_InputTaken{InputTaken: taken}}
	switch {
	case errors.Is(err, sessions.ErrNoInput), errors.Is(err, sessions.ErrEnded):
		refused := &guestv1.AttachSessionResponse_InputRefused{InputRefused: &guestv1.InputRefused{}}
		response.Kind = refused
	case err != nil:
		return sessionError(err)
	}
	return s.send(response)
}
