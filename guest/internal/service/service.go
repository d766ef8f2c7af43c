// Package service answers the host's requests. Each method turns a message into a call of the package that does the
// work, and its answer into a message.
package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"connectrpc.com/connect"

	"banger.dev/guest/gen/banger/guest/v1/guestv1connect"
	"banger.dev/guest/internal/boot"
	"banger.dev/guest/internal/process"
	"banger.dev/guest/internal/sessions"
	"banger.dev/guest/internal/sshd"
	"banger.dev/guest/internal/workspace"
)

// maxMessageBytes bounds what is read of one message.
const maxMessageBytes = 4 << 20

// sessionsDir is another one in tests.
var sessionsDir = sessions.Dir

// Service implements guest.proto.
type Service struct {
	build     string
	machine   *boot.Machine
	first     boot.First
	processes *process.Registry
	sessions  *sessions.Registry
	ssh       *sshd.Server
	builds    *buildService
	note      func(format string, args ...any)
}

var _ guestv1connect.GuestServiceHandler = (*Service)(nil)

// New makes the service of a machine in the given state.
func New(build string, machine *boot.Machine, first boot.First, note func(format string, args ...any)) *Service {
	processes := process.NewRegistry()
	kept := sessions.NewRegistry(processes, sessionsDir)
	return &Service{build, machine, first, processes, kept, sshd.New(processes, note), newBuildService(), note}
}

// Handler serves Connect over HTTP. A panic ends its request, not the agent.
func (s *Service) Handler() http.Handler {
	options := connect.WithHandlerOptions(
		connect.WithReadMaxBytes(maxMessageBytes),
		// The wire is a memory copy; compressing would cost the guest more than it saves.
		connect.WithCompression("gzip", nil, nil),
		connect.WithRecover(s.recovered),
	)
	mux := http.NewServeMux()
	mux.Handle(guestv1connect.NewGuestServiceHandler(s, options))
	mux.Handle(guestv1connect.NewNetworkServiceHandler(&network{machine: s.machine, dial: s.dial}, options))
	mux.Handle(guestv1connect.NewFilesServiceHandler(&fileService{machine: s.machine}, options))
	mux.Handle(guestv1connect.NewSessionsServiceHandler(&sessionsService{s.machine, s.sessions}, options))
	workspaces := &workspaceService{machine: s.machine, workspaces: workspace.New(workspacesDir)}
	mux.Handle(guestv1connect.NewWorkspaceServiceHandler(workspaces, options))
	mux.Handle(guestv1connect.NewBuildServiceHandler(s.builds, options))
	return mux
}

func (s *Service) recovered(_ context.Context, spec connect.Spec, _ http.Header, cause any) error {
	s.note("panic in %s: %v %s", spec.Procedure, cause, debug.Stack())
	return connect.NewError(connect.CodeInternal, fmt.Errorf("the agent panicked: %v", cause))
}

func notBooted() error {
	return connect.NewError(connect.CodeFailedPrecondition, errors.New("the guest is not booted"))
}
