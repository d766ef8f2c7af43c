package service

import (
	"errors"
	"io"
	"strings"
	"testing"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/gen/banger/guest/v1/guestv1connect"
)

// result is everything that came back from one execution.
type result struct {
	stdout, stderr string
	exit           *guestv1.ExecExit
	failure        *guestv1.ExecFailure
}

func begin(kind *guestv1.ExecStart) *guestv1.ExecRequest {
	return &guestv1.ExecRequest{Kind: &guestv1.ExecRequest_Start{Start: kind}}
}

func stdin(bytes []byte) *guestv1.ExecRequest {
	return &guestv1.ExecRequest{Kind: &guestv1.ExecRequest_Stdin{Stdin: bytes}}
}

func stdinEOF() *guestv1.ExecRequest {
	return &guestv1.ExecRequest{Kind: &guestv1.ExecRequest_StdinEof{StdinEof: &guestv1.StdinEof{}}}
}

func sendSignal(number int32) *guestv1.ExecRequest {
	return &guestv1.ExecRequest{Kind: &guestv1.ExecRequest_Signal{Signal: number}}
}

// execute runs a command to its end; input, when not nil, is sent and closed.
func execute(
	t *testing.T, client guestv1connect.GuestServiceClient, start *guestv1.ExecStart, input []byte,
) (result, error) {
	t.Helper()
	start.Stdin = input != nil
	stream := client.Exec(t.Context())
	defer stream.CloseResponse()
	if err := stream.Send(begin(start)); err != nil && !errors.Is(err, io.EOF) {
		return result{}, err
	}
	go func() {
		for ; len(input) > 0; input = input[min(len(input), 20_000):] {
			stream.Send(stdin(input[:min(len(input), 20_000)]))
		}
		stream.Send(stdinEOF())
		stream.CloseRequest()
	}()
	var got result
	err := collect(stream.Receive, &got)
	return got, err
}

func collect(receive func() (*guestv1.ExecResponse, error), got *result) error {
	var stdout, stderr strings.Builder
	defer func() { got.stdout, got.stderr = stdout.String(), stderr.String() }()
	for {
		message, err := receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if got.exit != nil || got.failure != nil {
			return errors.New("something came after the last message")
		}
		switch kind := message.GetKind().(type) {
		case *guestv1.ExecResponse_Stdout:
			stdout.Write(kind.Stdout)
		case *guestv1.ExecResponse_Stderr:
			stderr.Write(kind.Stderr)
		case *guestv1.ExecResponse_Exit:
			got.exit = kind.Exit
		case *guestv1.ExecResponse_Failure:
			got.failure = kind.Failure
		}
	}
}

// waitFor reads until the output contains text.
func waitFor(t *testing.T, receive func() (*guestv1.ExecResponse, error), text string) {
	t.Helper()
	var seen strings.Builder
	for !strings.Contains(seen.String(), text) {
		message, err := receive()
		if err != nil {
			t.Fatalf("%v after %q", err, seen.String())
		}
		seen.Write(message.GetStdout())
		if message.GetExit() != nil || message.GetFailure() != nil {
			t.Fatalf("ended with %v after %q", message, seen.String())
		}
	}
}
