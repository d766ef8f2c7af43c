package readiness

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestOpenRCIsReadyWhenItsRunlevelHasStarted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "openrc")
	level := func(name string) { os.WriteFile(filepath.Join(dir, "softlevel"), []byte(name+"\n"), 0o644) }
	starting := filepath.Join(dir, "rc.starting")
	reachedAt := make(chan time.Time, 1)
	go func() {
		os.Mkdir(dir, 0o755)
		for _, name := range []string{"sysinit", "boot", "default"} {
			level(name)
			os.Mkdir(starting, 0o755)
			time.Sleep(50 * time.Millisecond)
			if name == "default" {
				reachedAt <- time.Now()
			}
			os.Remove(starting)
		}
	}()

	state, err := openRC(dir).wait(t.Context())

	if err != nil || state.Name != running || len(state.FailedUnits) > 0 {
		t.Fatal(state, err)
	}
	if waited := time.Since(<-reachedAt); waited < openRCSettles/2 || waited > 10*openRCSettles {
		t.Fatal(waited)
	}
}

func TestOpenRCNamesTheServicesThatFailed(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "softlevel"), []byte("default"), 0o644)
	os.Mkdir(filepath.Join(dir, "failed"), 0o755)
	os.Symlink("/etc/init.d/net", filepath.Join(dir, "failed", "net"))

	state, err := openRC(dir).wait(t.Context())

	if err != nil || state.Name != degraded || len(state.FailedUnits) != 1 || state.FailedUnits[0] != "net" {
		t.Fatal(state, err)
	}
}

func TestOpenRCThatNobodyStartsHoldsNothingUp(t *testing.T) {
	openRCPatience = 20 * time.Millisecond
	t.Cleanup(func() { openRCPatience = defaultOpenRCPatience })

	state, err := openRC(filepath.Join(t.TempDir(), "never")).wait(t.Context())

	if err != nil || state.Name != running {
		t.Fatal(state, err)
	}
}

func TestOpenRCThatDoesNotGetThereEndsWithTheContext(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "softlevel"), []byte("boot"), 0o644)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()

	if _, err := openRC(dir).wait(ctx); err != context.DeadlineExceeded {
		t.Fatal(err)
	}
}
