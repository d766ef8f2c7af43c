package service

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/sessions"
)

// maxInputUnderWay is what a host may send before it is told that some of it was taken.
const maxInputUnderWay = 128 << 10

type attachStream = connect.BidiStream[guestv1.AttachSessionRequest, guestv1.AttachSessionResponse]

// AttachSession is one host at one session, until the host has enough, or has had all there is to read.
func (s *sessionsService) AttachSession(ctx context.Context, stream *attachStream) error {
	first, err := stream.Receive()
	if err != nil {
		return err
	}
	open := first.GetOpen()
	if open == nil {
		return connect.NewError(connect.CodeInvalidArgument, errors.New("the first request is not open"))
	}
	session, err := s.find(open.GetSession())
	if err != nil {
		return err
	}
	opening, err := openingOf(open)
	if err != nil {
		return err
	}
	attached, err := session.Attach(opening)
	if err != nil {
		return sessionError(err)
	}
	defer attached.Detach()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	return (&sessionStream{
		stream: stream, attached: attached, follow: open.GetFollow(), fail: cancel,
		granted: make(chan struct{}, 1), inputs: make(chan *guestv1.SessionInput, maxPiecesUnderWay), left: make(chan struct{}),
	}).run(ctx)
}

// sessionStream joins one request to one attachment: output goes out as far as the host grants, input comes in.
type sessionStream struct {
	stream   *attachStream
	attached *sessions.Attachment
	follow   bool
	// Ends the stream early
	fail    context.CancelCauseFunc
	sending sync.Mutex

	mutex sync.Mutex
	// Bytes of output that the host still takes
	credit uint64
	// Tells that there is more credit
	granted chan struct{}

	inputs   chan *guestv1.SessionInput
	underWay int
	// Closed when the host has nothing more to say
	left chan struct{}
}

func (s *sessionStream) run(ctx context.Context) error {
	err := s.send(&guestv1.AttachSessionResponse{Kind: &guestv1.AttachSessionResponse_Attached{
		Attached: &guestv1.SessionAttached{
			Session:    sessionMessage(s.attached.Session),
			Position:   positionMessage(s.attached.Position()),
			InputTaken: s.attached.Taken(),
			IsWriter:   s.attached.IsWriter(),
		},
	}})
	if err != nil {
		return err
	}
	go s.receive()
	go s.passInput(ctx)
	last, err := s.forward(ctx)
	if err == nil && last != nil {
		err = s.send(last)
	}
	if err != nil || last == nil {
		return err
	}
	// As for Exec: HTTP/2 would reset the stream, and a host that has not read everything would lose the rest.
	select {
	case <-s.left:
	case <-ctx.Done():
	case <-time.After(hostPatience):
	}
	return nil
}

func (s *sessionStream) send(message *guestv1.AttachSessionResponse) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	return s.stream.Send(message)
}

// receive obeys requests until the host has no more.
func (s *sessionStream) receive() {
	for {
		request, err := s.stream.Receive()
		if errors.Is(err, io.EOF) {
			close(s.left)
			return
		}
		if err == nil {
			err = s.obey(request)
		}
		if err != nil {
			s.fail(err)
			return
		}
	}
}

func (s *sessionStream) obey(request *guestv1.AttachSessionRequest) error {
	switch kind := request.GetKind().(type) {
	case *guestv1.AttachSessionRequest_GrantBytes:
		s.grant(kind.GrantBytes)
	case *guestv1.AttachSessionRequest_Input:
		return s.accept(kind.Input)
	case *guestv1.AttachSessionRequest_Resize:
		size, err := sizeOf(kind.Resize)
		if err != nil {
			return err
		}
		s.attached.Resize(size)
	default:
		return connect.NewError(connect.CodeInvalidArgument, errors.New("a request after the first is open, or empty"))
	}
	return nil
}
