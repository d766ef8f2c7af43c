package sshd

import (
	"crypto/rand"
	"crypto/rsa"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

func eventually(t *testing.T, isTrue func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !isTrue(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never was so")
		}
	}
}

func TestOnlyTheKeysThatWereHandedInGetIn(t *testing.T) {
	s := serve(t)
	password := func() (string, error) { return "", nil }
	refused := map[string]ssh.AuthMethod{
		"another key":      ssh.PublicKeys(newSigner(t)),
		"a password":       ssh.Password("password"),
		"an empty one":     ssh.PasswordCallback(password),
		"a keyboard":       ssh.KeyboardInteractive(func(string, string, []string, []bool) ([]string, error) { return nil, nil }),
		"nothing":          nil,
		"SHA-1 signatures": ssh.PublicKeys(sha1Signer(t, s)),
	}
	for name, method := range refused {
		var methods []ssh.AuthMethod
		if method != nil {
			methods = append(methods, method)
		}
		if client, err := s.login(methods...); err == nil {
			client.Close()
			t.Errorf("%s gets in", name)
		}
	}
	s.client(t)
}

// sha1Signer is of a key that is authorized, with signatures that are not.
func sha1Signer(t *testing.T, s *served) ssh.Signer {
	t.Helper()
	key, _ := rsa.GenerateKey(rand.Reader, 2048)
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s.server.Become(credentials(t, s.key, signer))
	old, err := ssh.NewSignerWithAlgorithms(signer.(ssh.AlgorithmSigner), []string{ssh.KeyAlgoRSA})
	if err != nil {
		t.Fatal(err)
	}
	return old
}

func TestNobodyElsesAccountAndNoneWithoutAShell(t *testing.T) {
	s := serve(t)
	for _, name := range []string{"", "no-such-user", "0", "root:root", "nobody", "daemon"} {
		s.user = name
		if client, err := s.login(ssh.PublicKeys(s.key)); err == nil {
			client.Close()
			t.Errorf("%q gets in", name)
		}
	}
}

func TestForkHasAnotherKeyAtOnce(t *testing.T) {
	s := serve(t)
	before := s.server.HostKey()

	s.server.Become(credentials(t, s.key))

	if s.server.HostKey() == before {
		t.Fatal("it has the same key")
	}
	s.client(t) // Which compares the key.
}

func TestNobodyIsServedBeforeThereIsAnIdentity(t *testing.T) {
	s := serve(t)
	s.server.Become(Credentials{})

	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	if said, _ := io.ReadAll(conn); len(said) != 0 {
		t.Fatalf("%q", said)
	}
}

func TestCredentialsThatAreNone(t *testing.T) {
	for _, lines := range [][]string{{"no key"}, {`command="x" ` + string(ssh.MarshalAuthorizedKey(newSigner(t).PublicKey()))}} {
		if _, err := ParseCredentials("", lines); err == nil {
			t.Error(lines)
		}
	}
}

func TestHalfAHandshakeHasItsTime(t *testing.T) {
	loginTime = 300 * time.Millisecond
	t.Cleanup(func() { loginTime = time.Minute })
	s := serve(t)
	for _, said := range []string{"", "SSH-2.0-half\r\n", "SSH-2.0-rubbish\r\n\x00\x00\xff\xff\x04rubbish", "GET / HTTP/1.1\r\n\r\n"} {
		conn, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, said)
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.Copy(io.Discard, conn); err != nil {
			if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
				t.Errorf("%q keeps its connection", said)
			}
		}
		conn.Close()
	}
}

func TestMoreConnectionsThanThereMayBeAreClosed(t *testing.T) {
	s := serve(t)
	var held []net.Conn
	for range maxConnections {
		conn, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
		io.ReadFull(conn, make([]byte, len(serverVersion)))
	}

	if client, err := s.login(ssh.PublicKeys(s.key)); err == nil {
		client.Close()
		t.Error("one too many")
	}
	for _, conn := range held {
		conn.Close()
	}
	eventually(t, func() bool {
		client, err := s.login(ssh.PublicKeys(s.key))
		if err == nil {
			client.Close()
		}
		return err == nil
	})
}

func TestRubbishInRequestsEndsNothing(t *testing.T) {
	s := serve(t)
	client := s.client(t)
	rubbish := [][]byte{nil, {0xff, 0xff, 0xff, 0xff}, []byte("\x00\x00\x00\x04abc"), make([]byte, 4096)}
	for _, payload := range rubbish {
		for _, kind := range []string{"tcpip-forward", "cancel-tcpip-forward", "keepalive@openssh.com"} {
			client.SendRequest(kind, true, payload)
		}
		for _, kind := range []string{"session", "direct-tcpip", "direct-streamlocal@openssh.com", "x11"} {
			if channel, _, err := client.OpenChannel(kind, payload); err == nil {
				for _, request := range []string{"env", "pty-req", "window-change", "signal", "exec", "subsystem", "break"} {
					channel.SendRequest(request, true, payload)
				}
				channel.Close()
			}
		}
	}

	session, err := client.NewSession()

	if err != nil || run(t, session, "echo fine").stdout != "fine\n" {
		t.Fatal(err)
	}
}
