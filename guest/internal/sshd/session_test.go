package sshd

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

func TestCommandHasItsStreamsAndStatus(t *testing.T) {
	session := serve(t).session(t)
	session.Stdin = strings.NewReader("from the client")

	got := run(t, session, `cat; echo "to err" >&2; exit 7`)

	if want := (ran{"from the client", "to err\n", 7, ""}); got != want {
		t.Fatal(got)
	}
}

func TestSignalIsTheExitOfWhoDiesOfIt(t *testing.T) {
	got := run(t, serve(t).session(t), "kill -TERM $$; sleep 10")

	if got.signal != "TERM" {
		t.Fatal(got)
	}
}

func TestClientSendsASignal(t *testing.T) {
	session := serve(t).session(t)
	output, _ := session.StdoutPipe()
	if err := session.Start("trap 'exit 9' USR1; echo up; while :; do sleep 0.01; done"); err != nil {
		t.Fatal(err)
	}
	io.ReadFull(output, make([]byte, 3))

	session.Signal(ssh.SIGUSR1)

	if exit, ok := session.Wait().(*ssh.ExitError); !ok || exit.ExitStatus() != 9 {
		t.Fatal(exit)
	}
}

func TestMegabytesPassUnchangedBothWays(t *testing.T) {
	session := serve(t).session(t)
	sent := bytes.Repeat([]byte("0123456789abcde\n"), 1<<18)
	session.Stdin = bytes.NewReader(sent)

	got := run(t, session, "cat")

	if sha256.Sum256([]byte(got.stdout)) != sha256.Sum256(sent) {
		t.Fatal(len(got.stdout))
	}
}

func TestShellIsALoginShell(t *testing.T) {
	session := serve(t).session(t)
	session.Stdin = strings.NewReader("echo name: $0\nexit 3\n")
	var output bytes.Buffer
	session.Stdout = &output
	if err := session.Shell(); err != nil {
		t.Fatal(err)
	}

	exit, ok := session.Wait().(*ssh.ExitError)

	if !ok || exit.ExitStatus() != 3 || !strings.Contains(output.String(), "name: -") {
		t.Fatal(exit, output.String())
	}
}

func TestEverybodyHasTheImagesEnvironment(t *testing.T) {
	s := serve(t)
	s.server.GiveEnvironment([]string{"PATH=/opt/go/bin:/usr/bin:/bin", "LANG=C", "nonsense", "=x", "LANG=C.UTF-8"})
	command, shell := s.session(t), s.session(t)
	command.Setenv("LC_TIME", "C")
	shell.Stdin = strings.NewReader("echo name: $0, $PATH\n")
	var output bytes.Buffer
	shell.Stdout = &output

	got := run(t, command, "echo :$PATH $LANG $LC_TIME")
	shell.Shell()
	shell.Wait()

	// The shell of whoever runs this test may put more in front.
	if !strings.HasSuffix(got.stdout, ":/opt/go/bin:/usr/bin:/bin C.UTF-8 C\n") {
		t.Fatal(got)
	}
	// A login shell would have read /etc/profile, which sets PATH.
	if strings.Contains(output.String(), "name: -") || !strings.Contains(output.String(), "/opt/go/bin:/usr/bin:/bin\n") {
		t.Fatal(output.String())
	}
}

func TestOnlyHarmlessVariablesAreTaken(t *testing.T) {
	session := serve(t).session(t)
	for name, isTaken := range map[string]bool{"LC_TIME": true, "GIT_PROTOCOL": true, "LD_PRELOAD": false, "PATH": false} {
		if err := session.Setenv(name, "version=2"); (err == nil) != isTaken {
			t.Error(name, err)
		}
	}

	got := run(t, session, "echo $GIT_PROTOCOL $LC_TIME $LD_PRELOAD; echo $SSH_CONNECTION")

	if !strings.HasPrefix(got.stdout, "version=2 version=2\n127.0.0.1 ") {
		t.Fatal(got)
	}
}

func TestTerminalHasItsSizeAndIsResized(t *testing.T) {
	session := serve(t).session(t)
	if err := session.RequestPty("vt100", 33, 111, ssh.TerminalModes{ssh.ECHO: 0}); err != nil {
		t.Fatal(err)
	}
	output, _ := session.StdoutPipe()
	session.Start("stty size; echo $TERM; trap 'stty size; exit' WINCH; echo up; while :; do sleep 0.05; done")
	waitFor(t, output, "33 111\r\nvt100\r\nup\r\n")

	session.WindowChange(44, 122)

	waitFor(t, output, "44 122")
}

func waitFor(t *testing.T, output io.Reader, text string) {
	t.Helper()
	seen, buffer := "", make([]byte, 1024)
	for !strings.Contains(seen, text) {
		n, err := output.Read(buffer)
		if seen += string(buffer[:n]); err != nil {
			t.Fatalf("%v after %q", err, seen)
		}
	}
}

func TestCommandThatCannotRunIsToldByItsStatus(t *testing.T) {
	if got := run(t, serve(t).session(t), "no-such-command-at-all"); got.status != 127 {
		t.Fatal(got)
	}
}

func TestSFTPReadsWritesAndRenames(t *testing.T) {
	client, err := sftp.NewClient(serve(t).client(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	content := bytes.Repeat([]byte("sftp"), 1<<17)
	file, err := client.Create(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	file.Write(content)
	file.Close()

	err = client.PosixRename(filepath.Join(dir, "a"), filepath.Join(dir, "b"))

	found, _ := os.ReadFile(filepath.Join(dir, "b"))
	if err != nil || !bytes.Equal(found, content) {
		t.Fatal(err, len(found))
	}
	client.Close()
}

func TestProcessOnATerminalDiesWithItsClient(t *testing.T) {
	s := serve(t)
	client := s.client(t)
	session, _ := client.NewSession()
	session.RequestPty("xterm", 24, 80, nil)
	output, _ := session.StdoutPipe()
	mark := filepath.Join(t.TempDir(), "hung-up")
	session.Start("trap 'touch " + mark + "; exit' HUP; echo up; while :; do sleep 0.01; done")
	waitFor(t, output, "up")

	client.Close()

	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(mark); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it was not hung up")
		}
	}
}
