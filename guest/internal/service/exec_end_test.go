package service

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
)

func TestExecSignalsTheGroup(t *testing.T) {
	client, _ := connected(t)
	stream := client.Exec(t.Context())
	stream.Send(begin(shell("trap 'echo caught; exit 5' TERM; echo up; sleep 3 & wait")))
	waitFor(t, stream.Receive, "up")

	stream.Send(sendSignal(int32(syscall.SIGTERM)))
	var got result
	err := collect(stream.Receive, &got)

	if err != nil || got.stdout != "caught\n" || got.exit.GetCode() != 5 {
		t.Fatal(got, err)
	}
}

func TestExecCancelledKillsTheGroup(t *testing.T) {
	client, host := connected(t)
	for name, cut := range map[string]func(reset func()){
		"by the caller":  func(reset func()) { reset() },
		"by a lost wire": func(func()) { host.Close() },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		stream := client.Exec(ctx)
		script := "trap '' HUP; (read pid _ </proc/self/stat; echo pid $pid end; exec sleep 60) & wait"
		stream.Send(begin(shell(script)))
		pid := waitForPid(t, stream.Receive)

		// Go's client resets a stream whose request is still open only when the response is closed too.
		cut(func() {
			cancel()
			stream.CloseResponse()
		})

		if !goneWithin(pid, 10*time.Second) {
			t.Errorf("cut %s: process %d lives", name, pid)
		}
		cancel()
		if name == "by a lost wire" {
			client, host = connected(t)
		}
	}
}

func waitForPid(t *testing.T, receive func() (*guestv1.ExecResponse, error)) int {
	t.Helper()
	text := ""
	for !strings.Contains(text, "end\n") {
		message, err := receive()
		if err != nil {
			t.Fatal(err)
		}
		text += string(message.GetStdout())
	}
	_, after, _ := strings.Cut(text, "pid ")
	number, _, _ := strings.Cut(after, " ")
	pid, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// goneWithin takes the dead that nobody has collected for gone: in a container nobody may.
func goneWithin(pid int, patience time.Duration) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return true
		}
	}
	return false
}
