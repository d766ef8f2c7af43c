package service

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"
	"golang.org/x/sys/unix"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/gen/banger/guest/v1/guestv1connect"
	"banger.dev/guest/internal/boot"
	"banger.dev/guest/internal/workspace"
)

// workspacesDir keeps what is known of the workspaces, on the guest's own disk: a fork or snapshot has it, too.
const workspacesDir = "/var/lib/banger/workspaces"

// workspaceService implements workspace.proto.
type workspaceService struct {
	machine    *boot.Machine
	workspaces *workspace.Workspaces
}

var _ guestv1connect.WorkspaceServiceHandler = (*workspaceService)(nil)

var gitWork = map[workspace.GitWork]guestv1.GitWork{
	workspace.GitNothing: guestv1.GitWork_GIT_WORK_NOTHING,
	workspace.GitUpdate:  guestv1.GitWork_GIT_WORK_UPDATE,
	workspace.GitWhole:   guestv1.GitWork_GIT_WORK_WHOLE,
}

func (s *workspaceService) PlanShip(
	_ context.Context, stream *connect.ClientStream[guestv1.PlanShipRequest],
) (*connect.Response[guestv1.PlanShipResponse], error) {
	if !s.machine.Booted() {
		return nil, notBooted()
	}
	in := &chunks[guestv1.PlanShipRequest]{stream: stream, data: (*guestv1.PlanShipRequest).GetData}
	decision, err := s.workspaces.Plan(in)
	in.drain()
	if err != nil {
		return nil, shipError(err)
	}
	return connect.NewResponse(&guestv1.PlanShipResponse{
		Unchanged:     decision.Unchanged,
		Want:          decision.Want,
		RemoveCount:   uint32(len(decision.Remove)),
		ConflictCount: uint32(decision.Conflicts.Count),
		Conflicts:     decision.Conflicts.Names,
		Git:           gitWork[decision.Git],
		Have:          decision.Have,
		Shallow:       decision.Shallow,
	}), nil
}

func (s *workspaceService) ApplyShip(
	_ context.Context, stream *connect.ClientStream[guestv1.ApplyShipRequest],
) (*connect.Response[guestv1.ApplyShipResponse], error) {
	if !s.machine.Booted() {
		return nil, notBooted()
	}
	in := &chunks[guestv1.ApplyShipRequest]{stream: stream, data: (*guestv1.ApplyShipRequest).GetData}
	applied, err := s.workspaces.Apply(in)
	in.drain()
	if err != nil {
		return nil, shipError(err)
	}
	return connect.NewResponse(&guestv1.ApplyShipResponse{
		Written: uint32(applied.Written),
		Removed: uint32(applied.Removed),
	}), nil
}

func shipError(err error) error {
	var known *connect.Error
	code := connect.CodeInternal
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, workspace.ErrInvalid):
		code = connect.CodeInvalidArgument
	case errors.Is(err, workspace.ErrForeign):
		code = connect.CodeAlreadyExists
	case errors.Is(err, workspace.ErrConflict):
		code = connect.CodeAborted
	case errors.Is(err, workspace.ErrBusy):
		code = connect.CodeUnavailable
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		code = connect.CodeResourceExhausted
	}
	return connect.NewError(code, err)
}

// chunks is the data of a client's messages as one stream of bytes.
type chunks[Message any] struct {
	stream *connect.ClientStream[Message]
	data   func(*Message) []byte
	rest   []byte
}

func (c *chunks[Message]) Read(to []byte) (int, error) {
	for len(c.rest) == 0 {
		if !c.stream.Receive() {
			if err := c.stream.Err(); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
		c.rest = c.data(c.stream.Msg())
	}
	n := copy(to, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// drain reads what is left: HTTP/2 resets a stream whose answer ends before its request, and the host would not see why.
func (c *chunks[Message]) drain() {
	for c.stream.Receive() {
	}
}
