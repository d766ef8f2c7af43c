package sshd

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// echo serves one connection that repeats what it gets up to its end.
func echo(t *testing.T, network, address string) net.Listener {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			io.Copy(conn, conn)
			conn.Close()
		}
	}()
	return listener
}

func askEcho(t *testing.T, conn net.Conn) string {
	t.Helper()
	io.WriteString(conn, "hello")
	conn.(interface{ CloseWrite() error }).CloseWrite()
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func TestPortOfTheGuestIsReached(t *testing.T) {
	listener := echo(t, "tcp", "127.0.0.1:0")

	conn, err := serve(t).client(t).Dial("tcp", listener.Addr().String())

	if err != nil || askEcho(t, conn) != "hello" {
		t.Fatal(err)
	}
}

func TestUnixSocketOfTheGuestIsReachedByRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	path := filepath.Join(t.TempDir(), "socket")
	echo(t, "unix", path)

	conn, err := serve(t).client(t).Dial("unix", path)

	if err != nil || askEcho(t, conn) != "hello" {
		t.Fatal(err)
	}
}

func TestClosedPortIsRefused(t *testing.T) {
	if _, err := serve(t).client(t).Dial("tcp", "127.0.0.1:1"); err == nil {
		t.Fatal("connected")
	}
}

func TestPortOfTheClientIsReached(t *testing.T) {
	client := serve(t).client(t)
	listener, err := client.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			io.Copy(conn, conn)
			conn.Close()
		}
	}()

	conn, err := net.Dial("tcp", listener.Addr().String())

	if err != nil || askEcho(t, conn) != "hello" {
		t.Fatal(err)
	}
	listener.Close()
	if _, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		t.Fatal("it still listens")
	}
}

func TestListenersEndWithTheirClient(t *testing.T) {
	client := serve(t).client(t)
	listener, err := client.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	client.Close()

	eventually(t, func() bool {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
}

func TestAgentOfTheClientAnswersInTheGuest(t *testing.T) {
	s := serve(t)
	client := s.client(t)
	keys := agent.NewKeyring()
	agent.ForwardToAgent(client, keys)
	session, _ := client.NewSession()
	if err := agent.RequestAgentForwarding(session); err != nil {
		t.Fatal(err)
	}
	input, _ := session.StdinPipe()
	output, _ := session.StdoutPipe()
	session.Start("echo $SSH_AUTH_SOCK; cat")
	line := make([]byte, 256)
	n, _ := output.Read(line)
	socket := strings.TrimSpace(string(line[:n]))

	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := agent.NewClient(conn).List()

	if dir, _ := os.Stat(filepath.Dir(socket)); err != nil || len(listed) != 0 || dir.Mode().Perm() != 0o700 {
		t.Fatal(err, listed, dir.Mode())
	}
	input.Close()
	session.Wait()
	eventually(t, func() bool {
		_, err := os.Stat(filepath.Dir(socket))
		return err != nil
	})
}

func TestManyChannelsAreRefused(t *testing.T) {
	client := serve(t).client(t)
	listener := echo(t, "tcp", "127.0.0.1:0")
	refused := 0
	for range maxChannels + 8 {
		if _, _, err := client.OpenChannel("direct-tcpip", directTo(listener)); err != nil {
			refused++
		}
	}

	if refused != 8 {
		t.Fatal(refused)
	}
}

func directTo(listener net.Listener) []byte {
	return ssh.Marshal(struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}{"127.0.0.1", uint32(listener.Addr().(*net.TCPAddr).Port), "127.0.0.1", 0})
}
