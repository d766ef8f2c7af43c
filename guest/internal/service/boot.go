package service

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/boot"
	"banger.dev/guest/internal/identity"
	"banger.dev/guest/internal/readiness"
	"banger.dev/guest/internal/stats"
)

// Boot runs to its end even when the caller goes away: half a boot is of no use.
func (s *Service) Boot(
	_ context.Context, request *connect.Request[guestv1.BootRequest],
) (*connect.Response[guestv1.BootResponse], error) {
	plan, err := planOf(request.Msg)
	if err == nil {
		err = plan.Check()
	}
	if err != nil {
		return nil, connect.NewError(connect.CodeInvalidArgument, err)
	}
	response := &guestv1.BootResponse{}
	err = s.machine.Boot(plan, func() (identity.Machine, error) {
		booted, err := boot.Run(plan, s.first, s.note)
		response.Stages = stagesOf(booted.Stages)
		response.BootId = bootID()
		if err == nil && !plan.Build {
			s.sweepSessions()
		}
		s.builds.changes.Store(booted.Changes)
		return booted.Machine, err
	})
	switch {
	case errors.Is(err, boot.ErrNotInitrd):
		return nil, connect.NewError(connect.CodeFailedPrecondition, err)
	case err != nil:
		s.note("cannot boot: %v", err)
		return nil, connect.NewError(connect.CodeInternal, err)
	}
	if !plan.Build {
		s.ssh.GiveEnvironment(plan.ImageEnv)
		s.assumeSSH(plan.Identity)
		s.listenForSSH()
	}
	return connect.NewResponse(response), nil
}

func (s *Service) sweepSessions() {
	if err := s.sessions.Sweep(); err != nil {
		s.note("cannot remove the output of former sessions: %v", err)
	}
}

func planOf(request *guestv1.BootRequest) (boot.Plan, error) {
	drives := request.GetDrives()
	plan := boot.Plan{
		ImageEnv: request.GetImageEnv(),
		Identity: identityOf(request.GetIdentity()),
		Drives: boot.Drives{
			Base: drives.GetBase(), Overlay: drives.GetOverlay(), Work: drives.GetWork(), Modules: drives.GetModules(),
			Delta: drives.GetDelta(),
		},
	}
	switch request.GetInit() {
	case guestv1.Init_INIT_AGENT:
	case guestv1.Init_INIT_IMAGE:
		plan.HandOver = true
	case guestv1.Init_INIT_BUILD:
		plan.Build = true
	default:
		return plan, errors.New("init is none of INIT_AGENT, INIT_IMAGE and INIT_BUILD")
	}
	return plan, nil
}

func (s *Service) Ready(
	ctx context.Context, _ *connect.Request[guestv1.ReadyRequest],
) (*connect.Response[guestv1.ReadyResponse], error) {
	if !s.machine.Booted() {
		return nil, notBooted()
	}
	state, err := readiness.Wait(ctx, s.machine.HasImageInit())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&guestv1.ReadyResponse{State: state.Name, FailedUnits: state.FailedUnits}), nil
}

// bootID makes the boot's id when it is first asked for (proc(5)), so not before Boot has stirred the entropy: until then
// all machines restored from one memory would be given the same.
func bootID() string {
	return stats.Text("/proc/sys/kernel/random/boot_id")
}
