package identity

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	idA = strings.Repeat("a", 32)
	idB = strings.Repeat("b", 32)
	idC = strings.Repeat("c", 32)
)

func anImage(t *testing.T, id string) machineIDFiles {
	t.Helper()
	dir := t.TempDir()
	files := machineIDFiles{filepath.Join(dir, "machine-id"), filepath.Join(dir, "dbus"), []string{filepath.Join(dir, "journal")}}
	if err := os.WriteFile(files.systemd, []byte(id), 0o644); err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestMachineIDReplacesTheOldOneEverywhere(t *testing.T) {
	files := anImage(t, idA+"\n")
	os.WriteFile(files.dbus, []byte(idA+"\n"), 0o644)

	if err := files.write(idB, true); err != nil {
		t.Fatal(err)
	}

	if read(t, files.systemd) != idB+"\n" || read(t, files.dbus) != idB+"\n" {
		t.Fatal(read(t, files.systemd), read(t, files.dbus))
	}
}

func TestMachineIDLeavesALinkOfDBusAlone(t *testing.T) {
	files := anImage(t, idA)
	os.Symlink(files.systemd, files.dbus)

	if err := files.write(idB, true); err != nil {
		t.Fatal(err)
	}

	if target, _ := os.Readlink(files.dbus); target != files.systemd || read(t, files.dbus) != idB+"\n" {
		t.Fatal(target)
	}
}

func TestMachineIDIsMadeWhereItIsBlank(t *testing.T) {
	for _, blank := range []string{"", "uninitialized\n"} {
		files := anImage(t, blank)

		if err := files.write("", false); err != nil {
			t.Fatal(err)
		}

		if id := strings.TrimSpace(read(t, files.systemd)); !isMachineID(id) {
			t.Fatal(id)
		}
	}
}

func TestMachineIDStaysWhenNoneIsGiven(t *testing.T) {
	files := anImage(t, idA)

	if err := files.write("", true); err != nil || read(t, files.systemd) != idA {
		t.Fatal(err, read(t, files.systemd))
	}
}

func TestAnImageWithoutMachineIDGetsItOnlyForAnInit(t *testing.T) {
	for _, hasInit := range []bool{true, false} {
		files := anImage(t, "")
		os.Remove(files.systemd)

		err := files.write(idB, hasInit)

		_, statErr := os.Stat(files.systemd)
		if err != nil || (statErr == nil) != hasInit {
			t.Fatal(hasInit, err, statErr)
		}
	}
}

func TestTheJournalIsFoundUnderEveryLaterID(t *testing.T) {
	files := anImage(t, idA)
	journal := files.journals[0]
	os.MkdirAll(filepath.Join(journal, idA), 0o755)
	os.WriteFile(filepath.Join(journal, idA, "system.journal"), []byte("log"), 0o644)

	for _, id := range []string{idB, idC, idC, idA, idB} {
		if err := files.write(id, true); err != nil {
			t.Fatal(err)
		}

		if read(t, filepath.Join(journal, id, "system.journal")) != "log" {
			t.Fatal(id)
		}
	}
	entries, _ := os.ReadDir(journal)
	if target, _ := os.Readlink(filepath.Join(journal, idB)); target != idA || len(entries) != 2 {
		t.Fatal(target, entries)
	}
}
