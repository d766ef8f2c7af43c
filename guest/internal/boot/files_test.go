package boot

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSeedCopiesTheImagesHome(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	os.WriteFile(filepath.Join(from, ".bashrc"), []byte("alias"), 0o640)
	os.MkdirAll(filepath.Join(from, ".config", "git"), 0o750)
	os.Symlink(".bashrc", filepath.Join(from, ".profile"))
	os.Mkdir(filepath.Join(to, "lost+found"), 0o700)

	wasNew := isNew(to)
	err := seed(from, to)

	bashrc, _ := os.Stat(filepath.Join(to, ".bashrc"))
	config, _ := os.Stat(filepath.Join(to, ".config", "git"))
	link, _ := os.Readlink(filepath.Join(to, ".profile"))
	if err != nil || !wasNew || isNew(to) {
		t.Fatal(err, wasNew, isNew(to))
	}
	if bashrc.Mode().Perm() != 0o640 || config.Mode().Perm() != 0o750 || link != ".bashrc" {
		t.Fatal(bashrc.Mode(), config.Mode(), link)
	}
}
