package service

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
)

func TestSessionHasOneWriter(t *testing.T) {
	client, _ := sessionsGuest(t)()
	request := named("cat", "cat")
	request.Command.Stdin = true
	startSession(t, client, request)
	open := func(token string, take bool) *guestv1.AttachOpen {
		return &guestv1.AttachOpen{
			Session: "cat", From: fromStart, Follow: true, Writer: &guestv1.WriterClaim{Token: token, Take: take},
		}
	}
	first := attach(t, client, open("a", false))
	reader := attach(t, client, &guestv1.AttachOpen{Session: "cat", From: fromStart, Follow: true})

	_, refused := tryAttach(t, client, open("b", false))
	taker := attach(t, client, open("c", true))
	first.until(func(m *guestv1.AttachSessionResponse) bool { return m.GetWriterReplaced() != nil })
	first.input(0, "ignored", false)
	taker.input(0, "taken\n", false)
	write := &guestv1.WriteSessionRequest{Session: "cat", Token: "d", Input: &guestv1.SessionInput{Bytes: []byte("sent\n")}}
	taker.untilText("taken\n")
	written, err := client.WriteSession(t.Context(), connect.NewRequest(write))
	client.WriteSession(t.Context(), connect.NewRequest(write))

	for _, one := range []*attached{first, reader, taker} {
		one.untilText("taken\nsent\n")
	}
	if connect.CodeOf(refused) != connect.CodeAborted || err != nil || written.Msg.InputTaken != 5 {
		t.Fatal(refused, err, written)
	}
	taker.leave()
	time.Sleep(50 * time.Millisecond)
	if got := attach(t, client, open("b", false)); !got.first.IsWriter || got.first.Session.Readers != 3 {
		t.Fatal(got.first)
	}
}

func TestSessionCarriesInputUnchanged(t *testing.T) {
	client, _ := sessionsGuest(t)()
	request := named("hash", "sha256sum")
	request.Command.Stdin = true
	startSession(t, client, request)
	input := make([]byte, 3<<20)
	rand.Read(input)
	a := attach(t, client, &guestv1.AttachOpen{
		Session: "hash", From: fromStart, Follow: true, Writer: &guestv1.WriterClaim{Token: "me"},
	})

	for sent := 0; sent < len(input); sent += 50_000 {
		end := min(len(input), sent+50_000)
		a.input(uint64(sent), string(input[sent:end]), end == len(input))
		if end < len(input) {
			a.until(func(*guestv1.AttachSessionResponse) bool { return a.taken == uint64(end) })
		}
	}
	a.toEnd()

	if want := fmt.Sprintf("%x  -\n", sha256.Sum256(input)); a.stdout.String() != want {
		t.Fatalf("%q, not %q", a.stdout.String(), want)
	}
}

func TestSessionOnATerminal(t *testing.T) {
	client, _ := sessionsGuest(t)()
	request := named("tty", "stty size; while read line; do stty size; echo got $line; done")
	request.Command.Terminal = &guestv1.Terminal{Size: &guestv1.TerminalSize{Rows: 30, Cols: 100}}
	startSession(t, client, request)
	a := attach(t, client, &guestv1.AttachOpen{
		Session: "tty", From: fromStart, Follow: true, Writer: &guestv1.WriterClaim{Token: "me"},
	})
	a.untilText("30 100")

	a.send(&guestv1.AttachSessionRequest{Kind: &guestv1.AttachSessionRequest_Resize{
		Resize: &guestv1.TerminalSize{Rows: 11, Cols: 22},
	}})
	a.input(0, "line\n", false)
	a.untilText("got line")
	a.input(5, "", true)
	ended := a.toEnd()

	if !strings.Contains(a.stdout.String(), "11 22") || ended.GetExit().GetCode() != 0 {
		t.Fatalf("%q %v", a.stdout.String(), ended)
	}
}

func TestSessionInputThatNobodyReads(t *testing.T) {
	client, _ := sessionsGuest(t)()
	request := named("deaf", "exec 0<&-; echo deaf; sleep 60")
	request.Command.Stdin = true
	startSession(t, client, request)
	a := attach(t, client, &guestv1.AttachOpen{
		Session: "deaf", From: fromStart, Follow: true, Writer: &guestv1.WriterClaim{Token: "me"},
	})
	a.untilText("deaf")

	a.input(0, "hello", false)
	a.until(func(m *guestv1.AttachSessionResponse) bool { return m.GetInputRefused() != nil })
	client.SignalSession(t.Context(), connect.NewRequest(&guestv1.SignalSessionRequest{Session: "deaf", Signal: 15}))

	if ended := a.toEnd(); ended.GetExit().GetSignal() != 15 {
		t.Fatal(ended)
	}
}
