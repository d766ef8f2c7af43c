package identity

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestHostKeysReplaceAllOfTheImage(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"ssh_host_rsa_key", "ssh_host_rsa_key.pub", "ssh_host_ed25519_key", "sshd_config"} {
		os.WriteFile(filepath.Join(dir, name), []byte("image's"), 0o666)
	}

	err := writeHostKeys(dir, []HostKey{{"ed25519", "private", "ssh-ed25519 AAAA"}})

	entries, _ := os.ReadDir(dir)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if want := []string{"ssh_host_ed25519_key", "ssh_host_ed25519_key.pub", "sshd_config"}; err != nil || !slices.Equal(names, want) {
		t.Fatal(err, names)
	}
	private, _ := os.Stat(filepath.Join(dir, "ssh_host_ed25519_key"))
	public, _ := os.Stat(filepath.Join(dir, "ssh_host_ed25519_key.pub"))
	if private.Mode().Perm() != 0o600 || public.Mode().Perm() != 0o644 {
		t.Fatal(private.Mode(), public.Mode())
	}
	if keys := readPublicKeys(dir); !slices.Equal(keys, []string{"ssh-ed25519 AAAA"}) {
		t.Fatal(keys)
	}
}

func TestHostKeysOfTheImageStayWhenNoneIsGiven(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "ssh_host_rsa_key"), nil, 0o600)

	err := writeHostKeys(dir, nil)

	if _, statErr := os.Stat(filepath.Join(dir, "ssh_host_rsa_key")); err != nil || statErr != nil {
		t.Fatal(err, statErr)
	}
}

func TestHostKeysNeedNoSSH(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ssh")

	err := writeHostKeys(dir, []HostKey{{"ed25519", "private", "public"}})

	if _, statErr := os.Stat(dir); err != nil || statErr == nil || readPublicKeys(dir) != nil {
		t.Fatal(err, statErr)
	}
}
