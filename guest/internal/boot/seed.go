package boot

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// What is copied at most: dotfiles are meant, not a tool chain that somebody installed in /root.
const (
	maxSeedBytes   = 64 << 20
	maxSeedEntries = 10_000
)

var errSeedTooLarge = errors.New("it is too large")

// isNew tells a work disk that nobody has used from one that was emptied: by mkfs, which leaves one directory.
func isNew(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && (len(entries) == 0 || len(entries) == 1 && entries[0].Name() == "lost+found")
}

// seed copies directories, files and links with owners and modes.
func seed(from, to string) error {
	bytes, entries := int64(0), 0
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == from {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		entries++
		if entry.Type().IsRegular() {
			bytes += info.Size()
		}
		if entries > maxSeedEntries || bytes > maxSeedBytes {
			return errSeedTooLarge
		}
		return copyEntry(path, filepath.Join(to, path[len(from):]), info)
	})
}

func copyEntry(from, to string, info fs.FileInfo) error {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case info.IsDir():
		if err := os.Mkdir(to, 0o700); err != nil {
			return err
		}
	case info.Mode().IsRegular():
		if err := copyFile(from, to); err != nil {
			return err
		}
	default:
		return nil
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		if err := os.Lchown(to, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	if err := os.Chmod(to, info.Mode()); err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
