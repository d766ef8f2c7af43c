package boot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"banger.dev/guest/internal/identity"
)

// Where things are in the initrd.
const (
	baseDir    = "/banger/base"
	deltaDir   = "/banger/delta"
	overlayDir = "/banger/overlay"
	newRoot    = "/banger/root"
)

// Directories on the overlay disk.
const (
	upperName      = "upper"
	workName       = "work"
	dockerName     = "docker"
	containerdName = "containerd"
)

const diskType = "ext4"

// assembleRoot mounts base and overlay disk and their union.
func (r *run) assembleRoot() error {
	for _, dir := range []string{baseDir, overlayDir, newRoot} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := mount(r.devices[r.plan.Drives.Base], baseDir, diskType, unix.MS_RDONLY|unix.MS_NOATIME, ""); err != nil {
		return err
	}
	lower := []string{baseDir}
	if r.plan.Drives.Delta != "" {
		lower = []string{deltaDir, baseDir}
		if err := r.mountDelta(); err != nil {
			return err
		}
	}
	if err := r.mountOverlayDisk(); err != nil {
		return err
	}
	if err := makeOverlayDirs(lower[0]); err != nil {
		return err
	}
	overlay, err := os.Open(overlayDir)
	if err != nil {
		return err
	}
	r.overlay = overlay
	if r.overlayDisk != nil {
		r.overlayDisk.Dir = fmt.Sprintf("/proc/self/fd/%d", overlay.Fd())
	}
	// redirect_dir: without it, renaming a directory of the image fails with EXDEV, which package managers do not expect.
	features := "redirect_dir=on"
	if r.plan.Build {
		features = plainUpper
		if err := r.openChanges(lower); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s,%s", strings.Join(lower, ":"),
		filepath.Join(overlayDir, upperName), filepath.Join(overlayDir, workName), features)
	return mount("overlay", newRoot, "overlay", unix.MS_NOATIME, options)
}

func (r *run) mountDelta() error {
	if err := os.MkdirAll(deltaDir, 0o755); err != nil {
		return err
	}
	return mount(r.devices[r.plan.Drives.Delta], deltaDir, diskType, unix.MS_RDONLY|unix.MS_NOATIME, "")
}

// mountOverlayDisk takes memory where there is no disk.
func (r *run) mountOverlayDisk() error {
	if r.plan.Drives.Overlay == "" {
		return mount("tmpfs", overlayDir, "tmpfs", unix.MS_NOATIME, "mode=0755")
	}
	disk := r.diskOf("the overlay disk", r.plan.Drives.Overlay, overlayDir)
	if err := r.mountDisk(disk, r.plan.Identity.OverlayBytes); err != nil {
		return err
	}
	r.overlayDisk = &disk
	return nil
}

func (r *run) diskOf(name, drive, dir string) identity.Disk {
	return identity.Disk{Name: name, Device: r.devices[drive], Dir: dir}
}

// mountDisk mounts a writable disk and lets its file system have the size it is to have.
func (r *run) mountDisk(disk identity.Disk, bytes uint64) error {
	if err := mount(disk.Device, disk.Dir, diskType, unix.MS_NOATIME, ""); err != nil {
		return err
	}
	if err := disk.Grow(bytes); err != nil {
		r.note("cannot grow the file system of %s: %v", disk.Name, err)
	}
	return nil
}

func makeOverlayDirs(lower string) error {
	for name, mode := range map[string]os.FileMode{
		upperName: 0o755, workName: 0o755, dockerName: 0o710, containerdName: 0o711,
	} {
		dir := filepath.Join(overlayDir, name)
		err := os.Mkdir(dir, mode)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		if name == upperName {
			if err := likeLower(lower, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// likeLower gives the upper directory the owner and mode of what is below: the union shows them as those of "/".
func likeLower(lower, upper string) error {
	info, err := os.Stat(lower)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		if err := os.Chown(upper, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	return os.Chmod(upper, info.Mode())
}

func mount(source, target, kind string, flags uintptr, data string) error {
	if err := unix.Mount(source, target, kind, flags, data); err != nil {
		return fmt.Errorf("mount %s on %s: %w", source, target, err)
	}
	return nil
}
