package dirs

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMakeMakesTheWayAndLeavesWhatIsThere(t *testing.T) {
	root := t.TempDir()
	os.Mkdir(filepath.Join(root, "var"), 0o700)

	err := Make(filepath.Join(root, "var", "lib", "docker"), 0o711)

	var modes []os.FileMode
	for _, path := range []string{"var", "var/lib", "var/lib/docker"} {
		info, _ := os.Stat(filepath.Join(root, path))
		modes = append(modes, info.Mode().Perm())
	}
	if err != nil || modes[0] != 0o700 || modes[1] != 0o755 || modes[2] != 0o711 {
		t.Fatal(err, modes)
	}
}

func TestMakeMakesWhatALinkLeadsTo(t *testing.T) {
	root := t.TempDir()
	os.Mkdir(filepath.Join(root, "usr"), 0o755)
	os.Symlink("usr/lib64", filepath.Join(root, "lib"))
	os.Symlink("../share/lib", filepath.Join(root, "usr", "lib64"))
	os.Symlink(filepath.Join(root, "data"), filepath.Join(root, "etc"))

	err := errors.Join(Make(filepath.Join(root, "lib", "modules"), 0o755), Make(filepath.Join(root, "etc"), 0o755))

	for _, path := range []string{"share/lib/modules", "data"} {
		if info, statErr := os.Stat(filepath.Join(root, path)); err != nil || statErr != nil || !info.IsDir() {
			t.Fatal(err, path, statErr)
		}
	}
}

func TestMakeRefusesWhatCanBeNoDirectory(t *testing.T) {
	root := t.TempDir()
	os.WriteFile(filepath.Join(root, "etc"), nil, 0o644)
	os.Symlink("b", filepath.Join(root, "a"))
	os.Symlink("a", filepath.Join(root, "b"))

	file := Make(filepath.Join(root, "etc"), 0o755)
	below := Make(filepath.Join(root, "etc", "ssh"), 0o755)
	loop := Make(filepath.Join(root, "a"), 0o755)

	if file == nil || !errors.Is(below, unix.ENOTDIR) || !errors.Is(loop, unix.ELOOP) {
		t.Fatal(file, below, loop)
	}
}
