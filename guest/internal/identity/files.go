package identity

import (
	"bytes"
	"errors"
	"os"
)

// replace writes a plain file, also where the image has a link: to the stub of a resolver that does not run, for one.
// It never follows the link, and a secret is never readable in between. What is there already is not written again, and
// the file is cut last: ext4 writes a file that was emptied first to its disk at once, which takes its time.
func replace(path string, content []byte, mode os.FileMode) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		if err := os.Remove(path); err != nil {
			return err
		}
	case info.Mode() == mode && info.Size() == int64(len(content)):
		if present, err := os.ReadFile(path); err == nil && bytes.Equal(present, content) {
			return nil
		}
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, mode)
	if err != nil {
		return err
	}
	err = file.Chmod(mode)
	if err == nil {
		_, err = file.Write(content)
	}
	if err == nil {
		err = file.Truncate(int64(len(content)))
	}
	return errors.Join(err, file.Close())
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
