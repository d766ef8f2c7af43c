package identity

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	sshDir       = "/etc/ssh"
	maxHostKeys  = 16
	maxKeyLength = 16 << 10
	maxPublicKey = 4 << 10
	publicSuffix = ".pub"
)

// HostKey is an ssh server's, in OpenSSH's own formats.
type HostKey struct {
	// "ed25519"
	Type            string
	Private, Public string
}

func checkHostKeys(keys []HostKey) error {
	if len(keys) > maxHostKeys {
		return fmt.Errorf("%d ssh host keys are too many", len(keys))
	}
	for _, key := range keys {
		if key.Type == "" || len(key.Type) > 32 || strings.Trim(key.Type, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return fmt.Errorf("the type %.80q of an ssh host key is none", key.Type)
		}
		if len(key.Private) > maxKeyLength || len(key.Public) > maxPublicKey || strings.ContainsAny(strings.TrimSpace(key.Public), "\r\n\x00") {
			return fmt.Errorf("the ssh host key of type %s is none", key.Type)
		}
	}
	return nil
}

// WriteHostKeys replaces all ssh host keys of the image, if it has a directory for them.
func (i Identity) WriteHostKeys() error {
	return writeHostKeys(sshDir, i.HostKeys)
}

func writeHostKeys(dir string, keys []HostKey) error {
	if len(keys) == 0 {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // No ssh here.
	}
	for _, entry := range entries {
		if isHostKey(strings.TrimSuffix(entry.Name(), publicSuffix)) {
			if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	for _, key := range keys {
		path := filepath.Join(dir, "ssh_host_"+key.Type+"_key")
		err := errors.Join(
			Replace(path, []byte(endLine(key.Private)), 0o600),
			Replace(path+publicSuffix, []byte(endLine(key.Public)), 0o644),
		)
		if err != nil {
			return err
		}
	}
	return nil
}

func readPublicKeys(dir string) []string {
	var keys []string
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		name, isPublic := strings.CutSuffix(entry.Name(), publicSuffix)
		if !isPublic || !isHostKey(name) || len(keys) == maxHostKeys {
			continue
		}
		if key, err := readStart(filepath.Join(dir, entry.Name()), maxPublicKey); err == nil {
			keys = append(keys, strings.TrimSpace(key))
		}
	}
	return keys
}

func isHostKey(name string) bool {
	return strings.HasPrefix(name, "ssh_host_") && strings.HasSuffix(name, "_key")
}

func endLine(text string) string {
	return strings.TrimRight(text, "\n") + "\n"
}
