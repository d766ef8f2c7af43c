package power

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// remountPatience is for the kernel's emergency remount, which answers before it is done.
const remountPatience = 500 * time.Millisecond

// overlayDiskMount is where the overlay disk itself is in sight.
const overlayDiskMount = "/var/lib/docker"

// makeClean writes everything out and makes the disks read-only, so that the next mount finds no journal to replay. The
// disks below the root are out of sight and cannot be unmounted while the root stands on them, but the kernel can make
// all of them read-only at once.
func makeClean(note func(format string, args ...any)) {
	unix.Sync()
	if err := unix.Unmount("/root", unix.MNT_DETACH); err != nil && err != unix.EINVAL {
		note("cannot unmount /root: %v", err)
	}
	if err := os.WriteFile(sysrqTrigger, []byte(sysrqReadOnly), 0); err != nil {
		note("cannot make the disks read-only: %v", err)
		return
	}
	// There is no event for its end. The union itself has no device and stays as it is.
	deadline := time.Now().Add(remountPatience)
	for time.Now().Before(deadline) && !isReadOnly(overlayDiskMount) {
		time.Sleep(5 * time.Millisecond)
	}
	unix.Sync()
}

func isReadOnly(path string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(path, &fs) == nil && fs.Flags&unix.ST_RDONLY != 0
}
