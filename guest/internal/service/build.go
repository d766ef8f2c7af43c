package service

import (
	"bufio"
	"context"
	"errors"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/files"
	"banger.dev/guest/internal/power"
)

// killPatience is for what was killed to be gone.
const killPatience = 5 * time.Second

// buildService implements build.proto.
type buildService struct {
	// Of a machine that was booted for a build
	changes atomic.Pointer[files.Changes]
	// Ends all others; another one in tests
	kill func()
}

func newBuildService() *buildService {
	return &buildService{kill: func() { power.KillProcesses(killPatience) }}
}

// TakeLayer ends the step: what it left running is killed, as a container's processes are when its first one ends.
func (s *buildService) TakeLayer(
	_ context.Context, _ *connect.Request[guestv1.TakeLayerRequest], stream *connect.ServerStream[guestv1.TakeLayerResponse],
) error {
	changes := s.changes.Load()
	if changes == nil {
		return connect.NewError(connect.CodeFailedPrecondition, errors.New("the guest was not booted for a build"))
	}
	s.kill()
	chunks := &chunkSender{send: func(data []byte) error {
		return stream.Send(&guestv1.TakeLayerResponse{Kind: &guestv1.TakeLayerResponse_Data{Data: data}})
	}}
	err := packLayer(changes, chunks)
	if chunks.err != nil {
		return chunks.err
	}
	if err != nil {
		return stream.Send(&guestv1.TakeLayerResponse{Kind: &guestv1.TakeLayerResponse_Failure{Failure: fileFailureOf(err)}})
	}
	return stream.Send(&guestv1.TakeLayerResponse{Kind: &guestv1.TakeLayerResponse_End{End: &guestv1.LayerEnd{}}})
}

func packLayer(changes *files.Changes, to *chunkSender) error {
	if err := changes.Settle(); err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(to, fileChunk)
	if err := changes.PackLayer(buffered); err != nil {
		return err
	}
	return buffered.Flush()
}
