// Package dirs makes directories in a root file system that an image has furnished, where anything may be in the way.
package dirs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// maxLinks is the kernel's own bound (path_resolution(7)).
const maxLinks = 40

// Make makes a directory and what is missing on the way to it, with mode 0755. What is there stays as it is. Where a
// symbolic link leads to nothing, what it leads to is made: images have /var/run without /run, and the like.
func Make(path string, mode os.FileMode) error {
	return makeAfter(0, path, mode)
}

func makeAfter(links int, path string, mode os.FileMode) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is not a directory", path)
	}
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if target, err := os.Readlink(path); err == nil {
		if links == maxLinks {
			return &os.PathError{Op: "make", Path: path, Err: unix.ELOOP}
		}
		return makeAfter(links+1, resolve(path, target), mode)
	}
	if parent := filepath.Dir(path); parent != path {
		if err := makeAfter(links, parent, 0o755); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// resolve says where a link leads; the link is there, so the way to it is.
func resolve(link, target string) string {
	if filepath.IsAbs(target) {
		return target
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(link))
	if err != nil {
		dir = filepath.Dir(link)
	}
	return filepath.Join(dir, target)
}
