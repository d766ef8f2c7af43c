package service

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
)

func TestSessionKeepsOutputAndExit(t *testing.T) {
	client, _ := sessionsGuest(t)()
	started := startSession(t, client, named("build", "echo one; sleep 0.2; echo two >&2; exit 3"))

	ended := attach(t, client, &guestv1.AttachOpen{Session: "build", From: fromStart, Follow: true}).toEnd()
	again := attach(t, client, &guestv1.AttachOpen{Session: started.Id, From: fromStart})
	again.toEnd()
	list, err := client.ListSessions(t.Context(), connect.NewRequest(&guestv1.ListSessionsRequest{}))

	if err != nil || ended.GetExit().GetCode() != 3 || ended.EndedUnixNs < ended.StartedUnixNs {
		t.Fatal(ended, err)
	}
	if again.stdout.String() != "one\ntwo\n" || len(list.Msg.Sessions) != 1 || list.Msg.Sessions[0].Stderr.End != 4 {
		t.Fatalf("%q %v", again.stdout.String(), list.Msg)
	}
}

func TestSessionNamesAreGivenOnce(t *testing.T) {
	client, _ := sessionsGuest(t)()
	first := startSession(t, client, named("web", "sleep 60"))
	_, taken := client.StartSession(t.Context(), connect.NewRequest(named("web", "true")))
	_, bad := client.StartSession(t.Context(), connect.NewRequest(named("Not a name", "true")))
	_, running := client.RemoveSession(t.Context(), connect.NewRequest(&guestv1.RemoveSessionRequest{Session: "web"}))
	client.SignalSession(t.Context(), connect.NewRequest(&guestv1.SignalSessionRequest{Session: "web", Signal: 9}))
	ended := attach(t, client, &guestv1.AttachOpen{Session: "web", From: fromStart, Follow: true}).toEnd()

	second := startSession(t, client, named("web", "true"))
	_, gone := client.GetSession(t.Context(), connect.NewRequest(&guestv1.GetSessionRequest{Session: first.Id}))

	codes := []connect.Code{connect.CodeOf(taken), connect.CodeOf(bad), connect.CodeOf(running), connect.CodeOf(gone)}
	want := []connect.Code{
		connect.CodeAlreadyExists, connect.CodeInvalidArgument, connect.CodeFailedPrecondition, connect.CodeNotFound,
	}
	if fmt.Sprint(codes) != fmt.Sprint(want) || ended.GetExit().GetSignal() != 9 || second.Id == first.Id {
		t.Fatal(codes, ended, second)
	}
}

func TestSessionRequiresCommands(t *testing.T) {
	client, _ := sessionsGuest(t)()
	request := named("needs", "true")
	request.RequiredCommands = []string{"sh", "no-such-1", "cat", "no-such-2"}

	response, err := client.StartSession(t.Context(), connect.NewRequest(request))
	list, _ := client.ListSessions(t.Context(), connect.NewRequest(&guestv1.ListSessionsRequest{}))

	if err != nil || fmt.Sprint(response.Msg.GetMissing().GetNames()) != "[no-such-1 no-such-2]" || len(list.Msg.Sessions) != 0 {
		t.Fatal(response, err, list)
	}
}

func TestSessionOutlivesTheConversation(t *testing.T) {
	connectAgain := sessionsGuest(t)
	client, host := connectAgain()
	request := named("cat", "cat")
	request.Command.Stdin = true
	startSession(t, client, request)
	claim := &guestv1.WriterClaim{Token: "me"}
	first := attach(t, client, &guestv1.AttachOpen{Session: "cat", From: fromStart, Follow: true, Writer: claim})
	first.input(0, "hello ", false)
	first.untilText("hello ")

	host.Close()
	client, _ = connectAgain()
	position := &guestv1.AttachOpen_Position{Position: &guestv1.OutputPosition{Stdout: 6}}
	second := attach(t, client, &guestv1.AttachOpen{Session: "cat", From: position, Follow: true, Writer: claim})
	second.input(0, "hello world", true)
	ended := second.toEnd()

	if second.first.InputTaken != 6 || !second.first.IsWriter || second.stdout.String() != "world" {
		t.Fatalf("%v %q", second.first, second.stdout.String())
	}
	if ended.GetExit() == nil || !ended.InputClosed {
		t.Fatal(ended)
	}
}

func TestSessionDoesNotWaitForReaders(t *testing.T) {
	client, _ := sessionsGuest(t)()
	request := named("flood", "head -c 3000000 /dev/zero; echo end")
	request.KeepBytes = 1 << 20
	startSession(t, client, request)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stuck := client.AttachSession(ctx)
	stuck.Send(&guestv1.AttachSessionRequest{Kind: &guestv1.AttachSessionRequest_Open{
		Open: &guestv1.AttachOpen{Session: "flood", From: fromStart, Follow: true},
	}})
	if _, err := stuck.Receive(); err != nil {
		t.Fatal(err)
	}

	late := attach(t, client, &guestv1.AttachOpen{Session: "flood", Follow: true})
	late.toEnd()
	stuck.Send(&guestv1.AttachSessionRequest{Kind: &guestv1.AttachSessionRequest_GrantBytes{GrantBytes: 1 << 30}})
	message, err := stuck.Receive()

	const written = 3_000_004
	if err != nil || message.GetLost().GetEnd() != written-1<<20 || message.GetLost().GetStart() != 0 {
		t.Fatal(message, err)
	}
}

func TestSessionStopsTheWholeGroup(t *testing.T) {
	client, _ := sessionsGuest(t)()
	startSession(t, client, named("stubborn", "trap '' TERM; (read pid _ </proc/self/stat; echo pid $pid end; exec sleep 60) & wait"))
	a := attach(t, client, &guestv1.AttachOpen{Session: "stubborn", From: fromStart, Follow: true})
	a.untilText("end\n")
	var pid int
	fmt.Sscanf(a.stdout.String(), "pid %d", &pid)
	startSession(t, client, named("polite", "trap 'echo bye; exit 4' TERM; echo up; sleep 60 & wait"))
	polite := attach(t, client, &guestv1.AttachOpen{Session: "polite", From: fromStart, Follow: true})
	polite.untilText("up\n")

	begin := time.Now()
	killed, err := client.StopSession(t.Context(), connect.NewRequest(
		&guestv1.StopSessionRequest{Session: "stubborn", GraceNs: int64(300 * time.Millisecond)}))
	stopped, politeErr := client.StopSession(t.Context(), connect.NewRequest(
		&guestv1.StopSessionRequest{Session: "polite", GraceNs: int64(time.Minute)}))

	if err != nil || killed.Msg.Session.GetExit().GetSignal() != int32(syscall.SIGKILL) || !goneWithin(pid, time.Second) {
		t.Error(killed, err)
	}
	if politeErr != nil || stopped.Msg.Session.GetExit().GetCode() != 4 || time.Since(begin) > 10*time.Second {
		t.Error(stopped, politeErr, time.Since(begin))
	}
}
