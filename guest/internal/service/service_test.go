package service

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"

	"connectrpc.com/connect"
	"golang.org/x/net/http2"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/gen/banger/guest/v1/guestv1connect"
	"banger.dev/guest/internal/boot"
	"banger.dev/guest/internal/channel"
	"banger.dev/guest/internal/identity"
)

type wire struct{ net.Conn }

func (w wire) ReadWhenOpen(p []byte) (int, error) { return w.Read(p) }

const (
	greeting = "BANGER/1 0123456789abcdef0123456789abcdef\n"
	welcome  = "BANGER/1 OK 0123456789abcdef0123456789abcdef dev\n"
)

// connected serves a booted machine over a real channel and returns a host's client and its end of the wire.
func connected(t *testing.T) (guestv1connect.GuestServiceClient, net.Conn) {
	t.Helper()
	return connectedTo(t, booted(t))
}

func booted(t *testing.T) *boot.Machine {
	t.Helper()
	machine := &boot.Machine{}
	if err := machine.Boot(boot.Plan{}, func() (identity.Machine, error) { return identity.Machine{}, nil }); err != nil {
		t.Fatal(err)
	}
	return machine
}

func connectedTo(t *testing.T, machine *boot.Machine) (guestv1connect.GuestServiceClient, net.Conn) {
	t.Helper()
	client, host := wired(t, machine)
	return guestv1connect.NewGuestServiceClient(client, "http://guest"), host
}

func agentOf(handler http.Handler) channel.Agent {
	return channel.Agent{Build: "dev", Handler: handler, Note: func(string, ...any) {}}
}

// wired is the same for a client of any of the services.
func wired(t *testing.T, machine *boot.Machine) (*http.Client, net.Conn) {
	t.Helper()
	guest, host := net.Pipe()
	service := New("dev", machine, nil, t.Logf)
	go agentOf(service.Handler()).Serve(context.Background(), wire{guest})
	t.Cleanup(func() {
		host.Close()
		guest.Close()
	})
	io.WriteString(host, greeting)
	answer := make([]byte, len(welcome))
	if _, err := io.ReadFull(host, answer); err != nil || string(answer) != welcome {
		t.Fatalf("%q, %v", answer, err)
	}
	connection, err := (&http2.Transport{AllowHTTP: true}).NewClientConn(host)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: connection}, host
}

func TestInfoAndStatsAnswer(t *testing.T) {
	client, _ := connected(t)

	info, err := client.Info(t.Context(), connect.NewRequest(&guestv1.InfoRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	stats, err := client.Stats(t.Context(), connect.NewRequest(&guestv1.StatsRequest{}))
	if err != nil {
		t.Fatal(err)
	}

	if info.Msg.AgentBuild != "dev" || info.Msg.Phase != guestv1.Phase_PHASE_BOOTED || info.Msg.UptimeNs <= 0 {
		t.Error(info.Msg)
	}
	if stats.Msg.MemoryTotalBytes == 0 || stats.Msg.ProcessCount == 0 || stats.Msg.CpuTotalNs < stats.Msg.CpuBusyNs {
		t.Error(stats.Msg)
	}
}

func TestNothingRunsBeforeBoot(t *testing.T) {
	client, _ := connectedTo(t, &boot.Machine{})

	_, readyErr := client.Ready(t.Context(), connect.NewRequest(&guestv1.ReadyRequest{}))
	_, execErr := execute(t, client, &guestv1.ExecStart{Argv: []string{"true"}}, nil)

	if connect.CodeOf(readyErr) != connect.CodeFailedPrecondition || connect.CodeOf(execErr) != connect.CodeFailedPrecondition {
		t.Fatal(readyErr, execErr)
	}
}

func TestBootRefusesWhatCannotWork(t *testing.T) {
	fine := func() *guestv1.BootRequest {
		return &guestv1.BootRequest{
			Identity: anIdentity(), Init: guestv1.Init_INIT_AGENT, Drives: &guestv1.Drives{Base: "base"},
		}
	}
	cases := map[string]func(*guestv1.BootRequest){
		"no base":      func(r *guestv1.BootRequest) { r.Drives.Base = "" },
		"no init":      func(r *guestv1.BootRequest) { r.Init = 0 },
		"bad hostname": func(r *guestv1.BootRequest) { r.Identity.Hostname = "a b" },
		"no identity":  func(r *guestv1.BootRequest) { r.Identity = nil },
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			client, _ := connectedTo(t, &boot.Machine{})
			request := fine()
			spoil(request)

			_, err := client.Boot(t.Context(), connect.NewRequest(request))

			if connect.CodeOf(err) != connect.CodeInvalidArgument {
				t.Fatal(err)
			}
		})
	}
}

func TestBootHappensOnce(t *testing.T) {
	client, _ := connected(t)
	request := &guestv1.BootRequest{Identity: anIdentity(), Init: guestv1.Init_INIT_AGENT, Drives: &guestv1.Drives{Base: "base"}}

	_, err := client.Boot(t.Context(), connect.NewRequest(request))

	if connect.CodeOf(err) != connect.CodeFailedPrecondition {
		t.Fatal(err)
	}
}
