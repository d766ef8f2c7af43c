package workspace

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAFirstShipIsLaidDownAndASecondHasNothingToDo(t *testing.T) {
	host, guest := newHost(t)
	host.write("a", "1")
	host.write("d/e/f", "2")

	host.mustSend(t, guest)
	again := host.mustSend(t, guest)

	host.expect(t, map[string]string{"a": "1", "d/e/f": "2"})
	if !again.Unchanged {
		t.Fatal("there should be nothing to do")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(host.header.GuestPath), ".banger-*")); len(left) > 0 {
		t.Fatal(left)
	}
}

func TestOnlyWhatTheHostChangedComesAndTheGuestsFilesStay(t *testing.T) {
	host, guest := newHost(t)
	host.write("same", "1")
	host.write("mine", "1")
	host.write("theirs", "1")
	host.write("gone/deep", "1")
	host.mustSend(t, guest)

	host.change(t, "mine", "changed in the guest")
	host.change(t, "product", "built in the guest")
	host.write("theirs", "2")
	host.write("new/one", "3")
	host.remove("gone/deep")
	decision := host.mustSend(t, guest)

	host.expect(t, map[string]string{"same": "1", "mine": "changed in the guest", "theirs": "2", "new/one": "3",
		"product": "built in the guest"})
	if len(decision.Want) != 2 || len(decision.Remove) != 1 {
		t.Fatal(decision)
	}
	if _, err := os.Lstat(host.in("gone")); err == nil {
		t.Fatal("the empty directory should be gone")
	}
}

func TestWhatBothChangedIsAConflictAndNothingIsDone(t *testing.T) {
	cases := map[string]func(t *testing.T, host *host){
		"both wrote":                func(t *testing.T, host *host) { host.change(t, "f", "guest"); host.write("f", "host") },
		"guest wrote, host gone":    func(t *testing.T, host *host) { host.change(t, "f", "guest"); host.remove("f") },
		"guest removed, host wrote": func(t *testing.T, host *host) { os.Remove(host.in("f")); host.write("f", "host") },
		"both made it":              func(t *testing.T, host *host) { host.change(t, "n", "guest"); host.write("n", "host") },
		"guest made a directory": func(t *testing.T, host *host) {
			os.Remove(host.in("f"))
			os.MkdirAll(host.in("f/g"), 0o755)
			host.write("f", "host")
		},
		"guest moved the branch": func(t *testing.T, host *host) {
			os.WriteFile(host.in(".git/packed-refs"), []byte("bbbb refs/heads/main\n"), 0o644)
			host.header.GitVersion, host.header.Refs = "2", []Ref{{"refs/heads/main", "cccc"}}
		},
	}
	for name, both := range cases {
		t.Run(name, func(t *testing.T) {
			host, guest := newHost(t)
			host.write("f", "1")
			host.write("g", "1")
			host.mustSend(t, guest)
			both(t, host)
			host.write("g", "2")

			decision, err := host.send(guest)

			if !errors.Is(err, ErrConflict) || decision.Conflicts.Count != 1 {
				t.Fatal(decision, err)
			}
			if content, _ := os.ReadFile(host.in("g")); string(content) != "1" {
				t.Fatal("nothing should be changed")
			}

			host.header.Overwrite = true
			host.mustSend(t, guest)
			host.header.Overwrite = false
			if !host.mustSend(t, guest).Unchanged {
				t.Fatal("the host's side should be there")
			}
			if text, _ := os.ReadFile(host.in("f")); string(text) != host.files["f"] {
				t.Fatalf("%q", text)
			}
		})
	}
}

func TestFilesAndDirectoriesTakeEachOthersPlace(t *testing.T) {
	host, guest := newHost(t)
	host.write("a", "file")
	host.write("b/c", "deep")
	host.mustSend(t, guest)

	host.remove("a")
	host.remove("b/c")
	host.write("a/x", "deep")
	host.write("b", "file")
	host.mustSend(t, guest)

	host.expect(t, map[string]string{"a/x": "deep", "b": "file"})
}

func TestAShipThatWasCutShortIsFinishedByTheNext(t *testing.T) {
	host, guest := newHost(t)
	for _, name := range []string{"a", "b", "c"} {
		host.write(name, "1")
	}
	host.mustSend(t, guest)
	for _, name := range []string{"a", "b", "c"} {
		host.write(name, "2")
	}
	text, entries := host.ship()
	decision, err := guest.Plan(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	whole := host.withContents(decision, text, entries)

	// Half of the files are written.
	_, err = guest.Apply(bytes.NewReader(whole[:len(text)+(len(whole)-len(text))/2]))
	if !errors.Is(err, ErrInvalid) {
		t.Fatal(err)
	}
	host.write("b", "3")
	host.mustSend(t, guest)

	host.expect(t, map[string]string{"a": "2", "b": "3", "c": "2"})
	if _, err := os.Lstat(host.in(scratch)); err == nil {
		t.Fatal("the scratch file should be gone")
	}
}

func TestAFirstShipThatIsCutShortLeavesNothing(t *testing.T) {
	host, guest := newHost(t)
	host.write("a", "1")
	text, entries := host.ship()
	decision, _ := guest.Plan(bytes.NewReader(text))
	whole := host.withContents(decision, text, entries)

	for length := len(text); length < len(whole); length++ {
		if _, err := guest.Apply(bytes.NewReader(whole[:length])); !errors.Is(err, ErrInvalid) {
			t.Fatal(length, err)
		}
	}

	left, _ := os.ReadDir(filepath.Dir(host.header.GuestPath))
	if len(left) > 0 {
		t.Fatal(left)
	}
}

func TestWhatNoShipHasMadeIsNotTouched(t *testing.T) {
	host, guest := newHost(t)
	host.write("a", "1")
	os.MkdirAll(host.in("something"), 0o755)

	_, err := host.send(guest)

	if !errors.Is(err, ErrForeign) {
		t.Fatal(err)
	}
}

func TestALinkAtThePlaceOrOnTheWayLeadsNowhere(t *testing.T) {
	host, guest := newHost(t)
	elsewhere := t.TempDir()
	host.write("d/a", "1")
	host.mustSend(t, guest)
	os.RemoveAll(host.in("d"))
	os.Symlink(elsewhere, host.in("d"))
	host.write("d/a", "2")
	host.header.Overwrite = true

	host.mustSend(t, guest)

	host.expect(t, map[string]string{"d/a": "2"})
	if left, _ := os.ReadDir(elsewhere); len(left) > 0 {
		t.Fatal(left)
	}

	os.RemoveAll(host.header.GuestPath)
	os.Symlink(elsewhere, host.header.GuestPath)
	if _, err := host.send(guest); !errors.Is(err, ErrForeign) {
		t.Fatal(err)
	}
}

func TestAnEmptyDirectoryIsFilled(t *testing.T) {
	host, guest := newHost(t)
	host.write("a", "1")
	os.MkdirAll(host.header.GuestPath, 0o755)

	host.mustSend(t, guest)

	host.expect(t, map[string]string{"a": "1"})
}

func TestRefsMoveWithTheHost(t *testing.T) {
	host, guest := newHost(t)
	host.write("a", "1")
	host.mustSend(t, guest)
	host.header.GitVersion, host.header.Refs = "2", []Ref{{"refs/heads/main", "bbbb"}}

	decision := host.mustSend(t, guest)

	if decision.Git != GitUpdate || len(decision.Have) != 1 || decision.Have[0] != "aaaa" {
		t.Fatal(decision)
	}
	if text, _ := os.ReadFile(host.in(".git/refs/heads/main")); string(text) != "bbbb\n" {
		t.Fatalf("%q", text)
	}
}

func TestPathsThatLeadOutAreNoShip(t *testing.T) {
	for _, name := range []string{"", "/etc/passwd", "../a", "a/../../b", "a//b", ".git/config", "a/./b", "a\x00b"} {
		host, guest := newHost(t)
		host.write(name, "1")
		if _, err := host.send(guest); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestNamesAreBytes(t *testing.T) {
	host, guest := newHost(t)
	host.write("new\nline", "1")
	host.write("b\xffyte", "2")

	host.mustSend(t, guest)

	host.expect(t, map[string]string{"new\nline": "1", "b\xffyte": "2"})
	if text := quote("b\xffyte\n\""); text != `"b\377yte\n\""` {
		t.Fatal(text)
	}
}

func FuzzReadShip(f *testing.F) {
	host := &host{header: Header{GuestPath: "/root/repo"}, files: map[string]string{"a": "1"}, times: map[string]int64{}}
	text, entries := host.ship()
	f.Add(host.withContents(&Decision{Want: []uint32{0}}, text, entries))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, items, err := readShip(bytes.NewReader(text))
		for err == nil {
			var next *item
			if next, err = items.next(); next == nil {
				return
			}
			items.reader.Discard(int(next.entry.Size & 0xffff))
		}
	})
}
