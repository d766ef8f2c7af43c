package identity

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Replace writes a plain file, also where the image has something else: a link to the stub of a resolver that does not
// run, for one. It never follows a link, and a secret is never readable in between. What is there is written over and cut
// to length: for a file system that is less work than to empty the file and fill it again.
func Replace(path string, content []byte, mode uint32) error {
	fd, before, err := openPlain(path, mode)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	if before.Mode&0o7777 != mode {
		err = unix.Fchmod(fd, mode)
	}
	if err == nil {
		_, err = unix.Pwrite(fd, content, 0)
	}
	if err == nil && before.Size > int64(len(content)) {
		err = unix.Ftruncate(fd, int64(len(content)))
	}
	if err = errors.Join(err, unix.Close(fd)); err != nil {
		return &os.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

// openPlain opens or makes a plain file; whatever else has its name goes.
func openPlain(path string, mode uint32) (fd int, before unix.Stat_t, err error) {
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC
	for range 2 {
		fd, err = unix.Open(path, flags, mode)
		if err == nil {
			if err = unix.Fstat(fd, &before); err == nil && before.Mode&unix.S_IFMT == unix.S_IFREG {
				return fd, before, nil
			}
			unix.Close(fd)
		} else if err != unix.ELOOP && err != unix.ENXIO && err != unix.EISDIR {
			return -1, before, err
		}
		if err := os.Remove(path); err != nil {
			return -1, before, err
		}
	}
	return -1, before, unix.EEXIST
}

// removeIfThere takes away a file that need not be there.
func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// dockerEngineID is made by the first start of Docker and would be the same in every fork.
const dockerEngineID = "/var/lib/docker/engine-id"

// removeLeftovers takes away or renews what programs of the image have made for themselves to be told apart by.
func removeLeftovers() error {
	return errors.Join(replaceRandomSeed(randomSeedFile), removeIfThere(dockerEngineID))
}
