package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/gen/banger/guest/v1/guestv1connect"
	"banger.dev/guest/internal/boot"
	"banger.dev/guest/internal/process"
	"banger.dev/guest/internal/sessions"
)

// maxGrace bounds how long a request to stop a session may take.
const maxGrace = 10 * time.Minute

// maxTokenBytes bounds what a writer calls itself.
const maxTokenBytes = 64

// sessionsService implements sessions.proto.
type sessionsService struct {
	machine  *boot.Machine
	sessions *sessions.Registry
}

var _ guestv1connect.SessionsServiceHandler = (*sessionsService)(nil)

func (s *sessionsService) StartSession(
	_ context.Context, request *connect.Request[guestv1.StartSessionRequest],
) (*connect.Response[guestv1.StartSessionResponse], error) {
	if !s.machine.Booted() {
		return nil, notBooted()
	}
	spec, err := specOf(request.Msg.GetCommand())
	if err != nil {
		return nil, err
	}
	session, err := s.sessions.Start(sessions.Order{
		Name:      request.Msg.GetName(),
		Command:   spec,
		Required:  request.Msg.GetRequiredCommands(),
		KeepBytes: request.Msg.GetKeepBytes(),
	})
	response := &guestv1.StartSessionResponse{}
	var missing *sessions.Missing
	var why *process.Failure
	switch {
	case errors.As(err, &missing):
		response.Kind = &guestv1.StartSessionResponse_Missing{Missing: &guestv1.MissingCommands{Names: missing.Names}}
	case errors.As(err, &why):
		failure := &guestv1.ExecFailure{Reason: reasons[why.Reason], Message: why.Message}
		response.Kind = &guestv1.StartSessionResponse_Failure{Failure: failure}
	case err != nil:
		return nil, sessionError(err)
	default:
		response.Kind = &guestv1.StartSessionResponse_Started{Started: sessionMessage(session)}
	}
	return connect.NewResponse(response), nil
}

func (s *sessionsService) ListSessions(
	context.Context, *connect.Request[guestv1.ListSessionsRequest],
) (*connect.Response[guestv1.ListSessionsResponse], error) {
	if !s.machine.Booted() {
		return nil, notBooted()
	}
	response := &guestv1.ListSessionsResponse{}
	for _, session := range s.sessions.List() {
		response.Sessions = append(response.Sessions, sessionMessage(session))
	}
	return connect.NewResponse(response), nil
}

func (s *sessionsService) GetSession(
	_ context.Context, request *connect.Request[guestv1.GetSessionRequest],
) (*connect.Response[guestv1.GetSessionResponse], error) {
	session, err := s.find(request.Msg.GetSession())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&guestv1.GetSessionResponse{Session: sessionMessage(session)}), nil
}

func (s *sessionsService) WriteSession(
	ctx context.Context, request *connect.Request[guestv1.WriteSessionRequest],
) (*connect.Response[guestv1.WriteSessionResponse], error) {
	session, err := s.find(request.Msg.GetSession())
	if err != nil {
		return nil, err
	}
	if err := checkToken(request.Msg.GetToken()); err != nil {
		return nil, err
	}
	taken, err := session.Write(ctx, request.Msg.GetToken(), inputOf(request.Msg.GetInput()))
	if err != nil {
		return nil, sessionError(err)
	}
	return connect.NewResponse(&guestv1.WriteSessionResponse{InputTaken: taken}), nil
}

func (s *sessionsService) SignalSession(
	_ context.Context, request *connect.Request[guestv1.SignalSessionRequest],
) (*connect.Response[guestv1.SignalSessionResponse], error) {
	signal := request.Msg.GetSignal()
	if signal < 1 || signal > 64 {
		return nil, connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("no signal has the number %d", signal))
	}
	session, err := s.find(request.Msg.GetSession())
	if err == nil {
		err = sessionError(session.Signal(int(signal)))
	}
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&guestv1.SignalSessionResponse{}), nil
}

func (s *sessionsService) StopSession(
	ctx context.Context, request *connect.Request[guestv1.StopSessionRequest],
) (*connect.Response[guestv1.StopSessionResponse], error) {
	grace := time.Duration(request.Msg.GetGraceNs())
	if grace < 0 || grace > maxGrace {
		return nil, connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("the grace time is not from 0 to %v", maxGrace))
	}
	session, err := s.find(request.Msg.GetSession())
	if err == nil {
		err = session.Stop(ctx, grace)
	}
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&guestv1.StopSessionResponse{Session: sessionMessage(session)}), nil
}

func (s *sessionsService) RemoveSession(
	_ context.Context, request *connect.Request[guestv1.RemoveSessionRequest],
) (*connect.Response[guestv1.RemoveSessionResponse], error) {
	if !s.machine.Booted() {
		return nil, notBooted()
	}
	if err := s.sessions.Remove(request.Msg.GetSession()); err != nil {
		return nil, sessionError(err)
	}
	return connect.NewResponse(&guestv1.RemoveSessionResponse{}), nil
}

func (s *sessionsService) find(reference string) (*sessions.Session, error) {
	if !s.machine.Booted() {
		return nil, notBooted()
	}
	session, err := s.sessions.Get(reference)
	return session, sessionError(err)
}

func checkToken(token string) error {
	if token == "" || len(token) > maxTokenBytes {
		return connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("a token has from 1 to %d bytes", maxTokenBytes))
	}
	return nil
}
