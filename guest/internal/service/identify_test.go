package service

import (
	"strings"
	"testing"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/boot"
)

func anIdentity() *guestv1.Identity {
	return &guestv1.Identity{
		Hostname:    "vm",
		Network:     &guestv1.Network{Mac: "52:54:00:00:00:01", Address: "10.77.0.15/16", Gateway: "10.77.0.1"},
		MachineId:   strings.Repeat("0123456789abcdef", 2),
		SshHostKeys: []*guestv1.SshHostKey{{Type: "ed25519", PrivateKey: "private", PublicKey: "public"}},
		Seed:        []byte("seed"),
	}
}

func TestIdentifyRefusesWhatCannotWork(t *testing.T) {
	cases := map[string]func(*guestv1.Identity){
		"bad hostname":    func(i *guestv1.Identity) { i.Hostname = "a b" },
		"no hostname":     func(i *guestv1.Identity) { i.Hostname = "" },
		"bad mac":         func(i *guestv1.Identity) { i.Network.Mac = "52:54:00" },
		"bad address":     func(i *guestv1.Identity) { i.Network.Address = "10.0.2.15/99" },
		"other family":    func(i *guestv1.Identity) { i.Network.Address = "fec0::1/64" },
		"bad gateway":     func(i *guestv1.Identity) { i.Network.Gateway = "gateway" },
		"line in hosts":   func(i *guestv1.Identity) { i.Hosts = []string{"10.0.0.1 a\n10.0.0.2 b"} },
		"many lines":      func(i *guestv1.Identity) { i.Hosts = make([]string, 1000) },
		"bad machine id":  func(i *guestv1.Identity) { i.MachineId = strings.Repeat("Z", 32) },
		"long seed":       func(i *guestv1.Identity) { i.Seed = make([]byte, 257) },
		"key elsewhere":   func(i *guestv1.Identity) { i.SshHostKeys[0].Type = "../../x" },
		"two public keys": func(i *guestv1.Identity) { i.SshHostKeys[0].PublicKey = "a\nb" },
	}
	client, _ := connected(t)
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			who := anIdentity()
			spoil(who)

			_, err := client.Identify(t.Context(), connect.NewRequest(&guestv1.IdentifyRequest{Identity: who}))

			if connect.CodeOf(err) != connect.CodeInvalidArgument {
				t.Fatal(err)
			}
		})
	}
}

func TestIdentifyNeedsABootedMachine(t *testing.T) {
	client, _ := connectedTo(t, &boot.Machine{})

	_, err := client.Identify(t.Context(), connect.NewRequest(&guestv1.IdentifyRequest{Identity: anIdentity()}))

	if connect.CodeOf(err) != connect.CodeFailedPrecondition {
		t.Fatal(err)
	}
}

func TestClockTellsTheTime(t *testing.T) {
	client, _ := connectedTo(t, &boot.Machine{})

	first, err := client.Clock(t.Context(), connect.NewRequest(&guestv1.ClockRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	second, err := client.Clock(t.Context(), connect.NewRequest(&guestv1.ClockRequest{}))
	if err != nil {
		t.Fatal(err)
	}

	if first.Msg.UnixNs <= 0 || second.Msg.UnixNs <= first.Msg.UnixNs {
		t.Fatal(first.Msg, second.Msg)
	}
}
