package files

import (
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk is a file system of its own, for the length of a test.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	at := t.TempDir()
	if err := unix.Mount("banger-test", at, "tmpfs", 0, options); err != nil {
		t.Skipf("needs to mount: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(at, unix.MNT_DETACH) })
	return at
}
