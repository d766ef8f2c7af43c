package boot

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"banger.dev/guest/internal/files"
	"banger.dev/guest/internal/identity"
	"banger.dev/guest/internal/pseudofs"
)

// A build's machine shows a command the image's files and nothing of banger's, and what the command changes of them is in
// the upper directory, as a layer has it: what must be other files in every machine is mounted over the image's own.

// plainUpper keeps overlayfs from leaving references to what is below in the upper directory, whatever the kernel's
// defaults are.
const plainUpper = "redirect_dir=off,metacopy=off,index=off"

const (
	lowerDir = "/banger/lower"
	namesDir = "/banger/names"
)

// openChanges opens what the layer will be taken of: the upper directory, and all that is below it in one view.
func (r *run) openChanges(lower []string) error {
	below := lower[0]
	if len(lower) > 1 {
		below = lowerDir
		if err := os.MkdirAll(below, 0o755); err != nil {
			return err
		}
		options := fmt.Sprintf("lowerdir=%s,%s", strings.Join(lower, ":"), plainUpper)
		if err := mount("overlay", below, "overlay", unix.MS_RDONLY|unix.MS_NOATIME, options); err != nil {
			return err
		}
	}
	changes, err := files.OpenChanges(filepath.Join(overlayDir, upperName), below)
	r.changes = changes
	return err
}

func (r *run) buildSteps() []identity.Step {
	return []identity.Step{
		{Name: "names", Do: r.writeNameFiles},
		{Name: "enter", Do: r.enterBuildRoot},
		{Name: "files", Do: r.bindNameFiles},
		{Name: "network", Do: r.configureNetwork},
		{Name: "changes", Do: func() error { return r.changes.Begin() }},
	}
}

func (r *run) writeNameFiles() error {
	if err := os.MkdirAll(namesDir, 0o755); err != nil {
		return err
	}
	if err := mount("tmpfs", namesDir, "tmpfs", unix.MS_NOATIME, "mode=0755,size=1m"); err != nil {
		return err
	}
	if err := r.plan.Identity.WriteNamesTo(namesDir); err != nil {
		return err
	}
	dir, err := os.Open(namesDir)
	r.nameFiles = dir
	return err
}

func (r *run) enterBuildRoot() error {
	if err := r.first.EnterRoot(newRoot); err != nil {
		return err
	}
	for _, dir := range []string{"/dev", "/proc", "/sys"} {
		if _, err := r.changes.MakeDir(dir); err != nil {
			return err
		}
	}
	return pseudofs.MountBeside()
}

// bindNameFiles mounts the machine's own over those of the image, where a link leads to as well.
func (r *run) bindNameFiles() error {
	for _, name := range []string{"hostname", "hosts", "resolv.conf"} {
		target, err := r.changes.MakeFile("/etc/" + name)
		if err != nil {
			return err
		}
		if info, err := os.Stat(target); err != nil || !info.Mode().IsRegular() {
			r.note("the image's /etc/%s is no file and stays as it is", name)
			continue
		}
		source := fmt.Sprintf("/proc/self/fd/%d/%s", r.nameFiles.Fd(), name)
		if err := mount(source, target, "", unix.MS_BIND, ""); err != nil {
			return err
		}
	}
	return nil
}
