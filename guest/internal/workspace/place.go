package workspace

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// place is what is at the guest path.
type place int

const (
	nowhere place = iota
	empty
	ours
)

// blockBytes is what a file system gives a file at least.
const blockBytes = 4096

// openPlace opens what is at the path; no tree where nothing is. The way to it may have links, its end may not.
func openPlace(guestPath string, known bool) (*tree, place, error) {
	fd, err := unix.Open(guestPath, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	switch {
	case err == unix.ENOENT:
		return nil, nowhere, nil
	case err == unix.ENOTDIR || err == unix.ELOOP:
		return nil, nowhere, fmt.Errorf("%s: %w", quote(guestPath), ErrForeign)
	case err != nil:
		return nil, nowhere, err
	}
	tree := newTree(fd)
	if known {
		return tree, ours, nil
	}
	is, err := isEmpty(fd)
	if err == nil && !is {
		err = fmt.Errorf("%s: %w", quote(guestPath), ErrForeign)
	}
	if err != nil {
		tree.close()
		return nil, nowhere, err
	}
	return tree, empty, nil
}

func isEmpty(dir int) (bool, error) {
	again, err := unix.Openat(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, err
	}
	file := os.NewFile(uintptr(again), ".")
	defer file.Close()
	names, err := file.Readdirnames(2)
	if err == io.EOF {
		err = nil
	}
	// A file system of its own brings this one along.
	return len(names) == 0 || len(names) == 1 && names[0] == "lost+found", err
}

// stagingOf is where a first ship is laid down; next to its place, so that a rename moves it there.
func stagingOf(guestPath string) string {
	return path.Join(path.Dir(guestPath), ".banger-ship-"+path.Base(guestPath))
}

// openStaging makes the directory anew.
func openStaging(guestPath string) (*tree, error) {
	dir := stagingOf(guestPath)
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path.Dir(guestPath), 0o755); err != nil {
		return nil, err
	}
	if err := unix.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return newTree(fd), nil
}

// checkSpace refuses what cannot fit before anything is changed.
func checkSpace(ship *Ship, decision *Decision) error {
	at := ship.GuestPath
	var stat unix.Statfs_t
	err := unix.Statfs(at, &stat)
	for err == unix.ENOENT && at != "/" {
		at = path.Dir(at)
		err = unix.Statfs(at, &stat)
	}
	if err != nil {
		return err
	}
	need := ship.GitBytes
	for _, index := range decision.Want {
		need += (ship.Entries[index].Size + blockBytes - 1) / blockBytes * blockBytes
	}
	free := stat.Bavail * uint64(stat.Bsize)
	if need > free {
		return fmt.Errorf("%w: %d MiB are needed below %s and %d MiB are free", unix.ENOSPC, need>>20, quote(at), free>>20)
	}
	if files := uint64(len(decision.Want)); stat.Files > 0 && files > stat.Ffree {
		return fmt.Errorf("%w: %d files are to be made below %s and there is room for %d", unix.ENOSPC, files, quote(at), stat.Ffree)
	}
	return nil
}

// freeze makes the workspace read-only until the machine stops or the next ship. Root in the guest can undo it: it keeps
// programs from writing by accident.
func freeze(guestPath string) error {
	if err := unix.Mount(guestPath, guestPath, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	flags := uintptr(unix.MS_BIND | unix.MS_REMOUNT | unix.MS_RDONLY)
	if err := unix.Mount("", guestPath, "", flags, ""); err != nil {
		return errors.Join(err, unix.Unmount(guestPath, unix.MNT_DETACH))
	}
	return nil
}

// thaw undoes freeze. After a restart of the machine there is nothing to undo.
func thaw(guestPath string) error {
	err := unix.Unmount(guestPath, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	if err == unix.EINVAL || err == unix.ENOENT {
		return nil
	}
	return err
}
