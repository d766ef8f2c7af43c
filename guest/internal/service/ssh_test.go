package service

import (
	"crypto/ed25519"
	"encoding/pem"
	"os/user"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"banger.dev/guest/internal/boot"
	"banger.dev/guest/internal/forward"
	"banger.dev/guest/internal/identity"
)

func TestSSHIsReachedWithoutTheGuestsNetwork(t *testing.T) {
	_, private, _ := ed25519.GenerateKey(nil)
	signer, _ := ssh.NewSignerFromKey(private)
	block, _ := ssh.MarshalPrivateKey(private, "")
	line := string(ssh.MarshalAuthorizedKey(signer.PublicKey()))
	service := New("dev", &boot.Machine{}, nil, t.Logf)
	service.assumeSSH(identity.Identity{
		HostKeys:       []identity.HostKey{{Type: "ed25519", Private: string(pem.EncodeToMemory(block))}},
		AuthorizedKeys: []string{line},
	})
	me, _ := user.Current()

	conn, err := service.dial(t.Context(), forward.Target{Port: sshPort})
	if err != nil {
		t.Fatal(err)
	}
	client, channels, requests, err := ssh.NewClientConn(conn, "guest", &ssh.ClientConfig{
		User: me.Username, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: ssh.FixedHostKey(signer.PublicKey()), Timeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	session, err := ssh.NewClient(client, channels, requests).NewSession()
	if err != nil {
		t.Fatal(err)
	}

	if output, err := session.Output("echo $SSH_CONNECTION"); err != nil || string(output) != "127.0.0.1 0 127.0.0.1 22\n" {
		t.Fatalf("%q, %v", output, err)
	}
	client.Close()
}

func TestKeysThatAreNoneLeaveTheServerNobody(t *testing.T) {
	service := New("dev", &boot.Machine{}, nil, t.Logf)

	service.assumeSSH(identity.Identity{
		HostKeys: []identity.HostKey{{Type: "ed25519", Private: "private"}}, AuthorizedKeys: []string{"key"},
	})

	if service.ssh.HostKey() != "" {
		t.Fatal(service.ssh.HostKey())
	}
}
