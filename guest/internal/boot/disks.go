package boot

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"banger.dev/guest/internal/dirs"
)

const (
	homeDir   = "/root"
	seedMount = "/run/banger-work"
)

// mountDisks puts the other disks into the new root, which is "/" by now.
func (r *run) mountDisks() error {
	if r.plan.Drives.Work != "" {
		if err := r.mountWork(); err != nil {
			return err
		}
	}
	// Without what follows a machine is of use all the same; an image may have made it impossible.
	if r.plan.Drives.Modules != "" {
		r.noteFailure(r.mountModules())
	}
	for name, target := range map[string]string{
		dockerName: "/var/lib/docker", containerdName: "/var/lib/containerd",
	} {
		r.noteFailure(r.bindFromOverlay(name, target))
	}
	r.noteFailure(makeTmp("/tmp"))
	return nil
}

func (r *run) noteFailure(err error) {
	if err != nil {
		r.note("the image's root file system: %v", err)
	}
}

// makeTmp makes the directory for temporary files in an image that has none.
func makeTmp(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	if err := dirs.Make(path, 0o755); err != nil {
		return err
	}
	return os.Chmod(path, 0o777|os.ModeSticky)
}

// mountWork mounts the work disk aside first, so that a new one can be given what the image has in /root.
func (r *run) mountWork() error {
	for _, dir := range []string{homeDir, seedMount} {
		if err := dirs.Make(dir, 0o700); err != nil {
			return err
		}
	}
	disk := r.diskOf("the work disk", r.plan.Drives.Work, seedMount)
	if err := r.mountDisk(disk, r.plan.Identity.WorkBytes); err != nil {
		return err
	}
	if isNew(seedMount) {
		if err := os.Chmod(seedMount, 0o700); err != nil {
			return err
		}
		if err := seed(homeDir, seedMount); err != nil {
			r.note("cannot copy all of the image's %s to the work disk: %v", homeDir, err)
		}
	}
	if err := unix.Mount(seedMount, homeDir, "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move the work disk to %s: %w", homeDir, err)
	}
	disk.Dir = homeDir
	r.workDisk = &disk
	return os.Remove(seedMount)
}

// mountModules works with /lib as a directory and as a link to usr/lib.
func (r *run) mountModules() error {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return err
	}
	dir := filepath.Join("/lib/modules", string(release[:max(0, len(release)-1)]))
	if err := dirs.Make(dir, 0o755); err != nil {
		return err
	}
	if err := mount(r.devices[r.plan.Drives.Modules], dir, diskType, unix.MS_RDONLY|unix.MS_NOATIME, ""); err != nil {
		return err
	}
	return loadBalloon(dir)
}

// bindFromOverlay mounts a directory of the overlay disk itself: container engines cannot stack their own overlays on
// an overlay.
func (r *run) bindFromOverlay(name, target string) error {
	if err := dirs.Make(target, 0o711); err != nil {
		return err
	}
	source := fmt.Sprintf("/proc/self/fd/%d/%s", r.overlay.Fd(), name)
	return mount(source, target, "", unix.MS_BIND, "")
}
