package readiness

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAwaitPathSeesAPathAppear(t *testing.T) {
	path := filepath.Join(t.TempDir(), "systemd", "private")
	time.AfterFunc(20*time.Millisecond, func() {
		os.Mkdir(filepath.Dir(path), 0o755)
		os.WriteFile(path, nil, 0o600)
	})

	if err := awaitPath(t.Context(), path); err != nil {
		t.Fatal(err)
	}
}

func TestAwaitPathEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()

	err := awaitPath(ctx, filepath.Join(t.TempDir(), "never"))

	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestParseUnits(t *testing.T) {
	units := parseUnits("a.service loaded failed failed Something\nb.mount loaded failed failed\n\n")

	if len(units) != 2 || units[0] != "a.service" || units[1] != "b.mount" {
		t.Fatal(units)
	}
}
