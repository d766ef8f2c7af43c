package identity

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReplaceTurnsALinkIntoAFile(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "stub"), filepath.Join(dir, "resolv.conf")
	os.WriteFile(target, []byte("stub"), 0o600)
	os.Symlink(target, link)

	if err := Replace(link, []byte("nameserver 10.0.2.3\n"), 0o644); err != nil {
		t.Fatal(err)
	}

	content, _ := os.ReadFile(link)
	info, _ := os.Lstat(link)
	untouched, _ := os.ReadFile(target)
	if string(content) != "nameserver 10.0.2.3\n" || info.Mode() != 0o644 || string(untouched) != "stub" {
		t.Fatal(string(content), info.Mode(), string(untouched))
	}
}

func TestReplaceLeavesNothingOfALongerFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hostname")
	os.WriteFile(path, []byte("a-rather-long-name\n"), 0o666)

	for _, content := range []string{"short\n", "short\n", "other\n"} {
		if err := Replace(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}

		got, _ := os.ReadFile(path)
		info, _ := os.Stat(path)
		if string(got) != content || info.Mode() != 0o644 {
			t.Fatal(string(got), info.Mode())
		}
	}
}
