package service

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
)

func TestExecBeginsInTheImagesDirectoryAndMakesIt(t *testing.T) {
	client, _ := connected(t)
	dir := filepath.Join(t.TempDir(), "srv", "app")

	start := shell("pwd")
	start.Cwd, start.ImageDir = "", dir
	made, err := execute(t, client, start, nil)
	elsewhere := shell("pwd")
	elsewhere.ImageDir, elsewhere.Cwd = dir+"/none", "/"
	asked, _ := execute(t, client, elsewhere, nil)

	if err != nil || made.stdout != dir+"\n" || asked.stdout != "/\n" {
		t.Fatal(made, asked, err)
	}
	if _, err := os.Stat(dir + "/none"); err == nil {
		t.Fatal("a directory was made that nobody asked for")
	}
}

func TestExecRefusesAnImagesDirectoryThatCannotBe(t *testing.T) {
	client, _ := connected(t)
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o644)
	for _, dir := range []string{"srv", file, file + "/below"} {
		start := shell("pwd")
		start.Cwd, start.ImageDir = "", dir

		got, err := execute(t, client, start, nil)

		if err != nil || got.failure.GetReason() != guestv1.ExecFailure_REASON_BAD_CWD {
			t.Error(dir, got, err)
		}
	}
}

func TestExecRefusesAStopSignalThatIsNone(t *testing.T) {
	client, _ := connected(t)
	for _, number := range []int32{-1, 65} {
		start := shell("true")
		start.StopSignal = number

		_, err := execute(t, client, start, nil)

		if connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Error(number, err)
		}
	}
}

// Says who got a signal: the one that leads, and its child in the same group.
const whoIsAsked = `trap 'echo leader >> "$LOG"; wait; exit 0' QUIT
sh -c "trap 'echo child >> $LOG; exit' QUIT HUP TERM; echo up; sleep 0.3; sleep 0.3" &
while :; do wait; done`

func TestExecThatLosesItsCallerIsAskedByItsOwnSignal(t *testing.T) {
	client, _ := connected(t)
	log := filepath.Join(t.TempDir(), "log")
	start := shell(whoIsAsked)
	start.StopSignal, start.Env = int32(syscall.SIGQUIT), map[string]string{"LOG": log}
	ctx, cancel := context.WithCancel(t.Context())
	stream := client.Exec(ctx)
	stream.Send(begin(start))
	waitFor(t, stream.Receive, "up")

	cancel()
	stream.CloseResponse()

	expectLog(t, log, "leader\n")
}

func TestStoppedSessionIsAskedByItsOwnSignal(t *testing.T) {
	client, _ := sessionsGuest(t)()
	log := filepath.Join(t.TempDir(), "log")
	request := named("server", whoIsAsked)
	request.Command.StopSignal, request.Command.Env = int32(syscall.SIGQUIT), map[string]string{"LOG": log}
	startSession(t, client, request)
	attach(t, client, &guestv1.AttachOpen{Session: "server", From: fromStart, Follow: true}).untilText("up")

	stop := &guestv1.StopSessionRequest{Session: "server", GraceNs: int64(5 * time.Second)}
	response, err := client.StopSession(t.Context(), connect.NewRequest(stop))

	if err != nil || response.Msg.GetSession().GetExit().GetCode() != 0 {
		t.Fatal(response, err)
	}
	expectLog(t, log, "leader\n")
}

func expectLog(t *testing.T, path, want string) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		content, _ := os.ReadFile(path)
		if string(content) == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q", content)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
