package identity

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// maxMachineID is more than any has.
const maxMachineID = 64

// journalDirs hold one directory for each machine id.
var journalDirs = []string{"/run/log/journal", "/var/log/journal"}

// WriteMachineID writes the machine id where the image has the file, or an init that would ask for it. An id that was
// there before goes on being found under the new one by those who read the journal.
func (i Identity) WriteMachineID(hasInit bool) error {
	return machineIDFiles{"/etc/machine-id", "/var/lib/dbus/machine-id", journalDirs}.write(i.MachineID, hasInit)
}

type machineIDFiles struct {
	systemd, dbus string
	journals      []string
}

func (f machineIDFiles) write(id string, hasInit bool) error {
	content, err := readStart(f.systemd, maxMachineID)
	if errors.Is(err, os.ErrNotExist) {
		if !hasInit {
			return nil
		}
	} else if err != nil {
		return err
	}
	before := strings.TrimSpace(content)
	if id == "" {
		if before != "" && before != "uninitialized" {
			return nil
		}
		made := make([]byte, 16)
		if err := fillRandom(made); err != nil {
			return err
		}
		id = hex.EncodeToString(made)
	}
	if before == id {
		return nil
	}
	if err := Replace(f.systemd, []byte(id+"\n"), 0o444); err != nil {
		return err
	}
	// Where D-Bus has a file of its own; else it is a link to systemd's.
	if info, err := os.Lstat(f.dbus); err == nil && info.Mode().IsRegular() {
		if err := Replace(f.dbus, []byte(id+"\n"), 0o444); err != nil {
			return err
		}
	}
	if !isMachineID(before) {
		return nil
	}
	for _, dir := range f.journals {
		if err := linkJournal(dir, before, id); err != nil {
			return err
		}
	}
	return nil
}

// linkJournal lets the new id lead to the directory of the old one, in which a running journald goes on writing. Links
// do not chain: an old id that is such a link itself hands its directory on and goes.
func linkJournal(dir, before, id string) error {
	old, link := filepath.Join(dir, before), filepath.Join(dir, id)
	info, err := os.Lstat(old)
	if err != nil {
		return nil // No journal here.
	}
	target := before
	if info.Mode()&os.ModeSymlink != 0 {
		if target, err = os.Readlink(old); err != nil {
			return err
		}
		if err := os.Remove(old); err != nil {
			return err
		}
	}
	if target == id {
		return nil
	}
	err = os.Symlink(target, link)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}
