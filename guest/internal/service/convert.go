package service

import (
	"errors"
	"fmt"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/process"
)

var reasons = map[process.Reason]guestv1.ExecFailure_Reason{
	process.NotFound:      guestv1.ExecFailure_REASON_NOT_FOUND,
	process.NotExecutable: guestv1.ExecFailure_REASON_NOT_EXECUTABLE,
	process.NoSuchUser:    guestv1.ExecFailure_REASON_NO_SUCH_USER,
	process.BadCwd:        guestv1.ExecFailure_REASON_BAD_CWD,
	process.BadRequest:    guestv1.ExecFailure_REASON_BAD_REQUEST,
	process.Resources:     guestv1.ExecFailure_REASON_RESOURCES,
}

func specOf(start *guestv1.ExecStart) (process.Spec, error) {
	spec := process.Spec{
		Argv:  start.GetArgv(),
		Env:   start.GetEnv(),
		Cwd:   start.GetCwd(),
		User:  start.GetUser(),
		Stdin: start.GetStdin(),

		ImageDir:   start.GetImageDir(),
		StopSignal: int(start.GetStopSignal()),
	}
	if spec.StopSignal < 0 || spec.StopSignal > 64 {
		return spec, connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("no signal has the number %d", spec.StopSignal))
	}
	if terminal := start.GetTerminal(); terminal != nil {
		size, err := sizeOf(terminal.GetSize())
		if err != nil {
			return spec, connect.NewError(connect.CodeInvalidArgument, err)
		}
		spec.Terminal, spec.Term = &size, terminal.GetTerm()
	}
	return spec, nil
}

func failureOf(err error) *guestv1.ExecResponse {
	message := &guestv1.ExecFailure{Reason: guestv1.ExecFailure_REASON_RESOURCES, Message: err.Error()}
	var why *process.Failure
	if errors.As(err, &why) {
		message.Reason = reasons[why.Reason]
	}
	return &guestv1.ExecResponse{Kind: &guestv1.ExecResponse_Failure{Failure: message}}
}
