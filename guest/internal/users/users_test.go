package users

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	passwdFile = "root:x:0:0:root:/root:/bin/bash\nbroken line\nana:x:1000:1000:Ana,,,:/home/ana:/bin/zsh\n" +
		"7:x:7000:7000::/home/seven:\nbad:x:-1:0::/:\n"
	groupFile = "root:x:0:\nana:x:1000:\ndocker:x:998:bob,ana\nsudo:x:27:ana\nbroken\n"
)

func TestResolve(t *testing.T) {
	cases := []struct {
		spec   string
		name   string
		uid    uint32
		home   string
		groups []uint32
	}{
		{"", "root", 0, "/root", []uint32{0}},
		{"ana", "ana", 1000, "/home/ana", []uint32{1000, 998, 27}},
		{"1000", "ana", 1000, "/home/ana", []uint32{1000, 998, 27}},
		{"ana:docker", "ana", 1000, "/home/ana", []uint32{998, 27}},
		{"4242:4343", "4242", 4242, "/", []uint32{4343}},
		{"7", "7", 7000, "/home/seven", []uint32{7000}},
	}
	for _, c := range cases {
		user, err := resolve(c.spec, passwdFile, groupFile)

		if err != nil || user.Name != c.name || user.UID != c.uid || user.Home != c.home || !slices.Equal(user.Groups, c.groups) {
			t.Errorf("%q: %+v, %v", c.spec, user, err)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	for _, spec := range []string{"nobody", "bad", "ana:nogroup", "-1", "4294967295", "ana:", ":ana"} {
		if user, err := resolve(spec, passwdFile, groupFile); !errors.Is(err, ErrNoSuchUser) {
			t.Errorf("%q: %+v, %v", spec, user, err)
		}
	}
}

func TestRootNeedsNoAccount(t *testing.T) {
	user, err := resolve("", "", "")

	byName, nameErr := resolve("root:7", "", "")

	if err != nil || user.Name != "root" || user.Home != "/root" {
		t.Fatal(user, err)
	}
	if nameErr != nil || byName.Name != "root" || byName.UID != 0 || byName.GID != 7 {
		t.Fatal(byName, nameErr)
	}
}

func TestPipesInPlaceOfFilesAreNotWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passwd")
	if err := unix.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}

	content, err := readBounded(path)

	if err != nil || content != "" {
		t.Fatal(content, err)
	}
}

func FuzzPasswd(f *testing.F) {
	f.Add("ana:docker", passwdFile, groupFile)
	f.Add("0", "root:x:0:0", ":::")
	f.Add(":", "", "\n\n:")
	f.Fuzz(func(t *testing.T, spec, passwd, group string) {
		user, err := resolve(spec, passwd, group)
		if err == nil && (len(user.Groups) == 0 || user.Groups[0] != user.GID || user.UID == 1<<32-1) {
			t.Fatalf("%+v", user)
		}
	})
}
