package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/process"
)

// outputChunk is the most that one message carries.
const outputChunk = 256 << 10

// hostPatience is how long a host may take to read the last output and the exit; shorter in tests.
var hostPatience = 10 * time.Minute

type execStream = connect.BidiStream[guestv1.ExecRequest, guestv1.ExecResponse]

// Exec starts a process and is attached to it until its exit was sent. A stream that ends before takes the process with
// it. Requests are obeyed in order, so a signal waits for the input before it to be read by the process; who wants to end
// a process that reads nothing cancels the stream.
func (s *Service) Exec(ctx context.Context, stream *execStream) error {
	if !s.machine.Booted() {
		return notBooted()
	}
	first, err := stream.Receive()
	if err != nil {
		return err
	}
	start := first.GetStart()
	if start == nil {
		return connect.NewError(connect.CodeInvalidArgument, errors.New("the first request is not start"))
	}
	spec, err := specOf(start)
	if err != nil {
		return err
	}
	p, err := s.processes.Start(spec)
	if err != nil {
		return stream.Send(failureOf(err))
	}
	return (&attachment{stream: stream, process: p}).run(ctx)
}

// attachment is one stream at one process.
type attachment struct {
	stream  *execStream
	process *process.Process
	sending sync.Mutex
	first   sync.Once
	reason  error
}

func (a *attachment) run(ctx context.Context) error {
	defer a.process.Close()
	ended := make(chan struct{})
	defer close(ended)
	// Without this, a process that is silent and reads nothing would not notice that its caller is gone.
	go func() {
		select {
		case <-ctx.Done():
			a.fail(ctx.Err())
		case <-ended:
		}
	}()
	started := &guestv1.ExecStarted{Pid: int32(a.process.PID)}
	if err := a.send(&guestv1.ExecResponse{Kind: &guestv1.ExecResponse_Started{Started: started}}); err != nil {
		a.fail(err)
	}
	received := make(chan struct{})
	go func() {
		defer close(received)
		a.receive(ended)
	}()

	var outputs sync.WaitGroup
	outputs.Go(func() { a.forward(a.process.Stdout, stdoutOf) })
	if a.process.Stderr != nil {
		outputs.Go(func() { a.forward(a.process.Stderr, stderrOf) })
	}
	outputs.Wait()
	<-a.process.Done
	a.first.Do(func() {})
	if a.reason != nil {
		return a.reason
	}
	exit := a.process.Exit()
	message := &guestv1.ExecExit{Code: int32(exit.Code), Signal: int32(exit.Signal)}
	if err := a.send(&guestv1.ExecResponse{Kind: &guestv1.ExecResponse_Exit{Exit: message}}); err != nil {
		return err
	}
	// HTTP/2 resets a stream whose answer ends before its request does, and a host that has not read everything yet would
	// lose the rest. So the host ends it, when it has read the exit.
	select {
	case <-received:
	case <-ctx.Done():
	case <-time.After(hostPatience):
	}
	return nil
}

// fail records why the stream ends early, once, and ends the process.
func (a *attachment) fail(reason error) {
	a.first.Do(func() {
		a.reason = reason
		a.process.Terminate()
		a.process.Close()
	})
}

func (a *attachment) send(message *guestv1.ExecResponse) error {
	a.sending.Lock()
	defer a.sending.Unlock()
	return a.stream.Send(message)
}

// forward sends output as it comes; a host that reads slowly makes the process write slowly.
func (a *attachment) forward(output io.Reader, wrap func([]byte) *guestv1.ExecResponse) {
	buffer := make([]byte, outputChunk)
	for {
		n, err := output.Read(buffer)
		if err != nil {
			return
		}
		if err := a.send(wrap(buffer[:n])); err != nil {
			a.fail(err)
			return
		}
	}
}

func stdoutOf(bytes []byte) *guestv1.ExecResponse {
	return &guestv1.ExecResponse{Kind: &guestv1.ExecResponse_Stdout{Stdout: bytes}}
}

func stderrOf(bytes []byte) *guestv1.ExecResponse {
	return &guestv1.ExecResponse{Kind: &guestv1.ExecResponse_Stderr{Stderr: bytes}}
}

// receive obeys requests until the caller has no more. The end of the requests is the end of the input too.
func (a *attachment) receive(ended <-chan struct{}) {
	for {
		request, err := a.stream.Receive()
		if errors.Is(err, io.EOF) {
			a.process.CloseInput()
			return
		}
		if err == nil {
			err = a.obey(request)
		}
		if err != nil {
			select {
			case <-ended:
			default:
				a.fail(err)
			}
			return
		}
	}
}

// obey returns an error only for what no caller may send. That the process ended or stopped reading is no error: its
// exit says so.
func (a *attachment) obey(request *guestv1.ExecRequest) error {
	switch kind := request.GetKind().(type) {
	case *guestv1.ExecRequest_Stdin:
		a.process.Write(kind.Stdin)
	case *guestv1.ExecRequest_StdinEof:
		a.process.CloseInput()
	case *guestv1.ExecRequest_Signal:
		if kind.Signal < 1 || kind.Signal > 64 {
			return connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("no signal has the number %d", kind.Signal))
		}
		a.process.Signal(int(kind.Signal))
	case *guestv1.ExecRequest_Resize:
		size, err := sizeOf(kind.Resize)
		if err != nil {
			return err
		}
		a.process.Resize(size)
	default:
		return connect.NewError(connect.CodeInvalidArgument, errors.New("a request after the first is start, or empty"))
	}
	return nil
}

func sizeOf(size *guestv1.TerminalSize) (process.Size, error) {
	if size.GetRows() > math.MaxUint16 || size.GetCols() > math.MaxUint16 {
		return process.Size{}, connect.NewError(connect.CodeInvalidArgument, errors.New("the terminal is too large"))
	}
	return process.Size{Rows: uint16(size.GetRows()), Cols: uint16(size.GetCols())}, nil
}
