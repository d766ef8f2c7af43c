package service

import (
	"strings"
	"testing"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
)

func onTerminal(script string) *guestv1.ExecStart {
	start := shell(script)
	start.Terminal = &guestv1.Terminal{Size: &guestv1.TerminalSize{Rows: 33, Cols: 111}}
	return start
}

func TestTerminalHasItsSizeAndName(t *testing.T) {
	client, _ := connected(t)

	got, err := execute(t, client, onTerminal("stty size; echo $TERM; echo err >&2; exit 4"), nil)

	if err != nil || got.stdout != "33 111\r\nxterm-256color\r\nerr\r\n" || got.exit.GetCode() != 4 {
		t.Fatal(got, err)
	}
}

func TestTerminalIsResized(t *testing.T) {
	client, _ := connected(t)
	stream := client.Exec(t.Context())
	stream.Send(begin(onTerminal("trap 'stty size; exit' WINCH; echo up; while :; do sleep 0.05; done")))
	waitFor(t, stream.Receive, "up")

	size := &guestv1.TerminalSize{Rows: 44, Cols: 122}
	stream.Send(&guestv1.ExecRequest{Kind: &guestv1.ExecRequest_Resize{Resize: size}})

	waitFor(t, stream.Receive, "44 122")
}

func TestTerminalControls(t *testing.T) {
	client, _ := connected(t)
	stream := client.Exec(t.Context())
	stream.Send(begin(onTerminal("cat; echo ended; sleep 3")))
	stream.Send(stdin([]byte("line\n")))
	waitFor(t, stream.Receive, "line\r\nline")

	stream.Send(stdinEOF())
	waitFor(t, stream.Receive, "ended")
	stream.Send(stdin([]byte{3}))
	var got result
	err := collect(stream.Receive, &got)

	if err != nil || got.exit.GetSignal() != 2 && got.exit.GetCode() != 130 {
		t.Fatal(got, err)
	}
}

func TestTerminalGivesAllOutputBeforeTheExit(t *testing.T) {
	client, _ := connected(t)

	got, err := execute(t, client, onTerminal("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done"), nil)

	if err != nil || strings.Count(got.stdout, "\n") != 2000 || got.exit == nil {
		t.Fatal(strings.Count(got.stdout, "\n"), got.exit, err)
	}
}
