package identity

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var someKeys = []string{"ssh-ed25519 AAAA one", "ssh-ed25519 BBBB two"}

func readAll(t *testing.T, parts ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestAccessIsADropInWhereThoseAreRead(t *testing.T) {
	dir := t.TempDir()
	config := "# comment\nInclude /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication yes\n"
	os.WriteFile(filepath.Join(dir, "sshd_config"), []byte(config), 0o644)

	err := writeSSHAccess(dir, someKeys)

	if err != nil || readAll(t, dir, "sshd_config") != config || readAll(t, dir, "sshd_config.d", "00-banger.conf") != serverSettings {
		t.Fatal(err)
	}
	if readAll(t, dir, "banger_authorized_keys") != "ssh-ed25519 AAAA one\nssh-ed25519 BBBB two\n" {
		t.Fatal(readAll(t, dir, "banger_authorized_keys"))
	}
}

func TestAccessIsABlockAtTheHeadElsewhere(t *testing.T) {
	for name, config := range map[string]string{
		"no include":       "PasswordAuthentication yes\n",
		"an include late":  "Match User ana\nInclude /etc/ssh/sshd_config.d/*.conf\n",
		"an older block":   "",
		"another include":  "Include /etc/ssh/more\n",
		"include in words": "# Include /etc/ssh/sshd_config.d/*.conf\n",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "sshd_config")
		before := config
		if name == "an older block" {
			before = blockBegin + "PasswordAuthentication no\n" + blockEnd
		}
		os.WriteFile(path, []byte(before), 0o600)

		for range 2 { // And again, which changes nothing.
			if err := writeSSHAccess(dir, someKeys); err != nil {
				t.Fatal(err)
			}
		}

		if want := blockBegin + serverSettings + blockEnd + config; readAll(t, path) != want {
			t.Errorf("%s: %s", name, readAll(t, path))
		}
		if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
			t.Error(name, info.Mode())
		}
	}
}

func TestAccessNeedsNoSSH(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ssh")

	err := writeSSHAccess(dir, someKeys)

	if _, statErr := os.Stat(dir); err != nil || statErr == nil {
		t.Fatal(err, statErr)
	}
}

func TestAuthorizedKeysAreLines(t *testing.T) {
	for _, keys := range [][]string{{""}, {"a\nb"}, {strings.Repeat("a", maxKeyLength+1)}, make([]string, 1000)} {
		if checkAuthorizedKeys(keys) == nil {
			t.Error(keys)
		}
	}
}
