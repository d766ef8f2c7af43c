package service

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
)

func shell(script string) *guestv1.ExecStart {
	return &guestv1.ExecStart{Argv: []string{"/bin/sh", "-c", script}, Cwd: "/"}
}

func TestExecRuns(t *testing.T) {
	cases := []struct {
		name           string
		start          *guestv1.ExecStart
		input          []byte
		stdout, stderr string
		code, signal   int32
	}{
		{"output and errors are separate", shell("echo out; echo err >&2"), nil, "out\n", "err\n", 0, 0},
		{"the exit status", shell("exit 7"), nil, "", "", 7, 0},
		{"the signal that ended it", shell("kill -9 $$"), nil, "", "", 0, 9},
		{"a name is looked up in PATH", &guestv1.ExecStart{Argv: []string{"echo", "found"}}, nil, "found\n", "", 0, 0},
		{"stdin to its end", &guestv1.ExecStart{Argv: []string{"cat"}}, []byte("input"), "input", "", 0, 0},
		{"stdin that is empty", &guestv1.ExecStart{Argv: []string{"cat"}}, []byte{}, "", "", 0, 0},
		{"no stdin", &guestv1.ExecStart{Argv: []string{"cat"}}, nil, "", "", 0, 0},
		{"environment and directory", &guestv1.ExecStart{
			Argv: []string{"/bin/sh", "-c", "echo $A $PATH; pwd"}, Env: map[string]string{"A": "b"}, Cwd: "/usr",
		}, nil, "b /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n/usr\n", "", 0, 0},
		{"its own process group", shell(`test "$(cut -d' ' -f5 /proc/$$/stat)" = $$ && echo leader`), nil, "leader\n", "", 0, 0},
	}
	client, _ := connected(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := execute(t, client, c.start, c.input)

			if err != nil || got.exit == nil {
				t.Fatal(got, err)
			}
			if got.stdout != c.stdout || got.stderr != c.stderr || got.exit.Code != c.code || got.exit.Signal != c.signal {
				t.Fatal(got)
			}
		})
	}
}

func TestExecFails(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	orphan := write("orphan", "#!/no/such/interpreter -x\n", 0o755)
	cases := []struct {
		name   string
		start  *guestv1.ExecStart
		reason guestv1.ExecFailure_Reason
		says   string
	}{
		{"no such file", &guestv1.ExecStart{Argv: []string{"/no/such"}}, guestv1.ExecFailure_REASON_NOT_FOUND, "/no/such"},
		{"not in PATH", &guestv1.ExecStart{Argv: []string{"no-such"}}, guestv1.ExecFailure_REASON_NOT_FOUND, "PATH"},
		{"empty name", &guestv1.ExecStart{Argv: []string{""}}, guestv1.ExecFailure_REASON_NOT_FOUND, "empty"},
		{"script without interpreter", &guestv1.ExecStart{Argv: []string{orphan}},
			guestv1.ExecFailure_REASON_NOT_FOUND, "/no/such/interpreter"},
		{"directory", &guestv1.ExecStart{Argv: []string{dir}}, guestv1.ExecFailure_REASON_NOT_EXECUTABLE, "directory"},
		{"mode", &guestv1.ExecStart{Argv: []string{write("plain", "", 0o644)}},
			guestv1.ExecFailure_REASON_NOT_EXECUTABLE, "0644"},
		{"format", &guestv1.ExecStart{Argv: []string{write("noise", "noise", 0o755)}},
			guestv1.ExecFailure_REASON_NOT_EXECUTABLE, "#!"},
		{"user", &guestv1.ExecStart{Argv: []string{"true"}, User: "nobody-has-this-name"},
			guestv1.ExecFailure_REASON_NO_SUCH_USER, "nobody-has-this-name"},
		{"directory to start in", &guestv1.ExecStart{Argv: []string{"true"}, Cwd: "/no/such"},
			guestv1.ExecFailure_REASON_BAD_CWD, "/no/such"},
		{"empty argv", &guestv1.ExecStart{}, guestv1.ExecFailure_REASON_BAD_REQUEST, "argv"},
		{"NUL", &guestv1.ExecStart{Argv: []string{"true", "a\x00"}}, guestv1.ExecFailure_REASON_BAD_REQUEST, "NUL"},
		{"environment", &guestv1.ExecStart{Argv: []string{"true"}, Env: map[string]string{"A=B": ""}},
			guestv1.ExecFailure_REASON_BAD_REQUEST, "A=B"},
	}
	client, _ := connected(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := execute(t, client, c.start, nil)

			if err != nil || got.failure == nil || got.failure.Reason != c.reason {
				t.Fatal(got, err)
			}
			if !strings.Contains(got.failure.Message, c.says) || len(got.failure.Message) > 1024 {
				t.Fatal(got.failure.Message)
			}
		})
	}
}

func TestExecCarriesBytesUnchanged(t *testing.T) {
	client, _ := connected(t)
	input := make([]byte, 1<<20)
	rand.Read(input)

	got, err := execute(t, client, &guestv1.ExecStart{Argv: []string{"cat"}}, input)

	if err != nil || !bytes.Equal([]byte(got.stdout), input) {
		t.Fatalf("%d bytes, %v, %v", len(got.stdout), got.exit, err)
	}
}

func TestExecDoesNotWaitForGrandchildren(t *testing.T) {
	client, _ := connected(t)
	start := time.Now()

	got, err := execute(t, client, shell("echo done; sleep 3 &"), nil)

	if err != nil || got.stdout != "done\n" || got.exit == nil || time.Since(start) > 5*time.Second {
		t.Fatal(got, err, time.Since(start))
	}
}

func TestExecMany(t *testing.T) {
	client, _ := connected(t)
	var together sync.WaitGroup
	for i := range 2 {
		together.Go(func() {
			for j := range 50 {
				word := fmt.Sprintf("%d-%d", i, j)

				got, err := execute(t, client, &guestv1.ExecStart{Argv: []string{"echo", word}}, nil)

				if err != nil || got.stdout != word+"\n" || got.exit.GetCode() != 0 {
					t.Error(word, got, err)
				}
			}
		})
	}
	together.Wait()
}
