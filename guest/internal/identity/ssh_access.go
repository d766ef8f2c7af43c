package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	authorizedKeysName = "banger_authorized_keys"
	serverConfigName   = "sshd_config"
	dropInDirName      = "sshd_config.d"
	// First of all: sshd takes the first value that it meets.
	dropInName        = "00-banger.conf"
	maxAuthorizedKeys = 64
	maxServerConfig   = 1 << 20
	blockBegin        = "# begin banger\n"
	blockEnd          = "# end banger\n"
)

// serverSettings are SPEC 7: the keys of the host beside a user's own, and no passwords.
const serverSettings = `AuthorizedKeysFile .ssh/authorized_keys ` + sshDir + "/" + authorizedKeysName + `
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
PermitRootLogin prohibit-password
StrictModes yes
`

func checkAuthorizedKeys(keys []string) error {
	if len(keys) > maxAuthorizedKeys {
		return fmt.Errorf("%d authorized keys are too many", len(keys))
	}
	for _, key := range keys {
		if key == "" || len(key) > maxKeyLength || strings.ContainsAny(key, "\r\n\x00") {
			return fmt.Errorf("the authorized key %.80q is not one line", key)
		}
	}
	return nil
}

// WriteSSHAccess lets the host's keys in at the image's ssh server, if it has a directory for one, and nobody by password.
func (i Identity) WriteSSHAccess() error {
	return writeSSHAccess(sshDir, i.AuthorizedKeys)
}

func writeSSHAccess(dir string, keys []string) error {
	if _, err := os.Stat(dir); err != nil || len(keys) == 0 {
		return nil // No ssh here, or nobody who would use it.
	}
	// Readable by all: sshd reads it with the rights of whoever logs in.
	lines := []byte(strings.Join(keys, "\n") + "\n")
	if err := Replace(filepath.Join(dir, authorizedKeysName), lines, 0o644); err != nil {
		return err
	}
	path := filepath.Join(dir, serverConfigName)
	config, err := readStart(path, maxServerConfig)
	if errors.Is(err, fs.ErrNotExist) || err == nil && includesDropIns(config) {
		return writeDropIn(filepath.Join(dir, dropInDirName))
	}
	if err != nil || len(config) == maxServerConfig {
		return nil // Whatever that is, it is none that an sshd would read.
	}
	return writeBlock(path, config)
}

func writeDropIn(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return Replace(filepath.Join(dir, dropInName), []byte(serverSettings), 0o644)
}

// includesDropIns is true for a configuration that reads the drop-ins before any condition.
func includesDropIns(config string) bool {
	for line := range strings.Lines(config) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case strings.EqualFold(words[0], "match"):
			return false
		case strings.EqualFold(words[0], "include") && strings.Contains(line, dropInDirName+"/"):
			return true
		}
	}
	return false
}

// writeBlock puts the settings at the head of a configuration that knows no drop-ins: OpenSSH before 8.2, for one.
func writeBlock(path, config string) error {
	block := blockBegin + serverSettings + blockEnd
	if strings.HasPrefix(config, block) {
		return nil
	}
	if strings.HasPrefix(config, blockBegin) {
		if _, rest, found := strings.Cut(config, blockEnd); found {
			config = rest
		}
	}
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	temporary := path + ".banger"
	err = Replace(temporary, []byte(block+config), uint32(info.Mode().Perm()))
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		os.Remove(temporary)
	}
	return err
}
