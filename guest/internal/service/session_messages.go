package service

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/sessions"
)

// maxArgvBytes bounds what a session tells of its command: it is for people to recognise it by.
const maxArgvBytes = 4 << 10

var sessionCodes = map[error]connect.Code{
	sessions.ErrNotFound:   connect.CodeNotFound,
	sessions.ErrNameTaken:  connect.CodeAlreadyExists,
	sessions.ErrTooMany:    connect.CodeResourceExhausted,
	sessions.ErrInvalid:    connect.CodeInvalidArgument,
	sessions.ErrAhead:      connect.CodeInvalidArgument,
	sessions.ErrEnded:      connect.CodeFailedPrecondition,
	sessions.ErrRunning:    connect.CodeFailedPrecondition,
	sessions.ErrNoInput:    connect.CodeFailedPrecondition,
	sessions.ErrOtherWrite: connect.CodeAborted,
	sessions.ErrRemoved:    connect.CodeNotFound,
}

func sessionError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	for known, code := range sessionCodes {
		if errors.Is(err, known) {
			return connect.NewError(code, err)
		}
	}
	return connect.NewError(connect.CodeInternal, err)
}

func sessionMessage(s *sessions.Session) *guestv1.Session {
	kept := s.Kept()
	command := s.Order.Command
	message := &guestv1.Session{
		Id:            s.ID,
		Name:          s.Name,
		Argv:          startOf(command.Argv),
		Cwd:           command.Cwd,
		User:          command.User,
		Terminal:      command.Terminal != nil,
		Stdin:         command.Stdin || command.Terminal != nil,
		Pid:           int32(s.PID),
		StartedUnixNs: s.StartedAt.UnixNano(),
		Stdout:        &guestv1.KeptOutput{Start: kept[sessions.Stdout].Start, End: kept[sessions.Stdout].End},
		Stderr:        &guestv1.KeptOutput{Start: kept[sessions.Stderr].Start, End: kept[sessions.Stderr].End},
		KeepBytes:     s.Order.KeepBytes,
		Readers:       uint32(s.Readers()),
		HasWriter:     s.HasWriter(),
		InputClosed:   s.InputClosed(),
	}
	if s.HasEnded() {
		exit := s.Exit()
		message.Exit = &guestv1.ExecExit{Code: int32(exit.Code), Signal: int32(exit.Signal)}
		message.EndedUnixNs = s.EndedAt().UnixNano()
	}
	return message
}

func startOf(argv []string) []string {
	room := maxArgvBytes
	for i, argument := range argv {
		if len(argument) >= room {
			return append(argv[:i:i], argument[:room]+"…")
		}
		// Even an empty one takes room: there may be many.
		room -= len(argument) + 1
	}
	return argv
}

func inputOf(input *guestv1.SessionInput) sessions.Input {
	return sessions.Input{Offset: input.GetOffset(), Bytes: input.GetBytes(), EOF: input.GetEof()}
}

var streamMessages = map[sessions.Stream]guestv1.OutputStream{
	sessions.Stdout: guestv1.OutputStream_OUTPUT_STREAM_STDOUT,
	sessions.Stderr: guestv1.OutputStream_OUTPUT_STREAM_STDERR,
}

func itemMessage(item *sessions.Item) *guestv1.AttachSessionResponse {
	stream := streamMessages[item.Stream]
	if item.Bytes != nil {
		output := &guestv1.SessionOutput{Stream: stream, Offset: item.Offset, Bytes: item.Bytes}
		return &guestv1.AttachSessionResponse{Kind: &guestv1.AttachSessionResponse_Output{Output: output}}
	}
	lost := &guestv1.LostOutput{
		Stream: stream, Start: item.Offset, End: item.End, Cause: guestv1.LostOutput_CAUSE_OVERWRITTEN,
	}
	if item.NotStored {
		lost.Cause = guestv1.LostOutput_CAUSE_NOT_STORED
	}
	return &guestv1.AttachSessionResponse{Kind: &guestv1.AttachSessionResponse_Lost{Lost: lost}}
}

func openingOf(open *guestv1.AttachOpen) (sessions.Opening, error) {
	opening := sessions.Opening{TailLines: open.GetTailLines()}
	if from, given := open.GetFrom().(*guestv1.AttachOpen_Position); given {
		opening.From = &sessions.Position{from.Position.GetStdout(), from.Position.GetStderr()}
	}
	for stream, message := range streamMessages {
		if message == open.GetOnly() {
			opening.Only = &stream
		}
	}
	if claim := open.GetWriter(); claim != nil {
		opening.Writer = &sessions.Claim{Token: claim.GetToken(), Take: claim.GetTake()}
		return opening, checkToken(claim.GetToken())
	}
	return opening, nil
}

func positionMessage(position sessions.Position) *guestv1.OutputPosition {
	return &guestv1.OutputPosition{Stdout: position[sessions.Stdout], Stderr: position[sessions.Stderr]}
}
