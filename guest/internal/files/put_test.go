package files

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestWhereACopyGoes(t *testing.T) {
	oneFile := []tar.Header{aFile(".", "new")}
	oneDir := []tar.Header{aDir("./"), aFile("./f", "new")}
	cases := map[string]struct {
		to, name string
		headers  []tar.Header
		// The path that it came to be, or why not
		at     string
		reason Reason
	}{
		"file into a directory":                {"/dir", "x", oneFile, "/dir/x", 0},
		"file into a directory with a slash":   {"/dir/", "x", oneFile, "/dir/x", 0},
		"file over a file":                     {"/file", "x", oneFile, "/file", 0},
		"file over a link writes behind it":    {"/link", "x", oneFile, "/file", 0},
		"file to a new name":                   {"/new", "x", oneFile, "/new", 0},
		"file over a file in a directory":      {"/dir", "old", oneFile, "/dir/old", 0},
		"file into no directory":               {"/new/", "x", oneFile, "", NotFound},
		"file below no directory":              {"/none/new", "x", oneFile, "", NotFound},
		"file over a directory":                {"/dir", "sub", oneFile, "", WrongKind},
		"file below a file":                    {"/file/x", "x", oneFile, "", WrongKind},
		"directory into a directory":           {"/dir", "x", oneDir, "/dir/x", 0},
		"directory merges into its namesake":   {"/dir", "sub", oneDir, "/dir/sub", 0},
		"contents of a directory":              {"/dir", "", oneDir, "/dir", 0},
		"contents of a directory, new":         {"/new", "", oneDir, "/new", 0},
		"directory to a new name":              {"/new", "x", oneDir, "/new", 0},
		"directory to a new name with slash":   {"/new/", "x", oneDir, "/new", 0},
		"directory over a file":                {"/file", "x", oneDir, "", WrongKind},
		"directory over a file in it":          {"/dir", "old", oneDir, "", WrongKind},
		"directory over a link to a directory": {"/dir", "links", oneDir, "", WrongKind},
		"directory below no directory":         {"/none/new", "x", oneDir, "", NotFound},
		"a name that leads out":                {"/dir", "..", oneFile, "", Other},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			write(t, root+"/file", "old")
			write(t, root+"/dir/old", "old")
			write(t, root+"/dir/sub/kept", "kept")
			os.Symlink("file", root+"/link")
			os.Symlink("sub", root+"/dir/links")
			before := listed(t, root)

			placed, err := Put(Destination{Path: root + c.to, Name: c.name}, made(t, c.headers...))

			var failure *Failure
			switch {
			case c.at == "" && (!errors.As(err, &failure) || failure.Reason != c.reason):
				t.Fatal(placed, err)
			case c.at == "" && listed(t, root) != before:
				t.Fatal(listed(t, root))
			case c.at != "" && (err != nil || placed.Path != root+c.at):
				t.Fatal(placed, err)
			}
			if c.at != "" {
				at := root + c.at
				if len(c.headers) > 1 {
					at += "/f"
				}
				if read(t, at) != "new" || read(t, root+"/dir/sub/kept") != "kept" {
					t.Fatal(listed(t, root))
				}
			}
		})
	}
}

func TestMissingParentsAreMadeWhenAsked(t *testing.T) {
	root := t.TempDir()

	_, err := Put(Destination{Path: root + "/a/b/c", MakeParents: true}, made(t, aFile(".", "x")))

	if err != nil || listed(t, root) != "a/ a/b/ a/b/c" {
		t.Fatal(err, listed(t, root))
	}
}

func TestHostileArchivesLeadNowhere(t *testing.T) {
	top := aDir("./")
	cases := map[string][]tar.Header{
		"..":                              {top, aFile("../escaped", "x")},
		".. in the middle":                {top, aFile("a/../../escaped", "x")},
		"an absolute name":                {top, aFile("/escaped", "x")},
		"a link out":                      {top, aLink("out", ".."), aFile("out/escaped", "x")},
		"an absolute link out":            {top, aLink("out", "/tmp"), aFile("out/escaped", "x")},
		"a link out by two":               {top, aDir("a/"), aLink("a/up", ".."), aLink("out", "a/up/.."), aFile("out/escaped", "x")},
		"a directory through a link":      {top, aLink("out", ".."), aDir("out/escaped/")},
		"a hard link out":                 {top, aHardLink("h", "../secret")},
		"a hard link to what is absolute": {top, aHardLink("h", "/etc/passwd")},
		"a hard link through a link":      {top, aLink("out", ".."), aHardLink("h", "out/secret")},
		"a hard link to a link":           {top, aLink("out", "../secret"), aHardLink("h", "out")},
		"a hard link to nothing":          {top, aHardLink("h", "nothing")},
		"a device":                        {top, {Typeflag: tar.TypeBlock, Name: "sda", Devmajor: 8}},
		"a FIFO":                          {top, {Typeflag: tar.TypeFifo, Name: "fifo"}},
		"another tree":                    {aDir("x/"), aFile("x/f", "x")},
		"more than one file":              {aFile(".", "x"), aFile("other", "y")},
		"a file, then a file below it":    {top, aFile("f", "x"), aFile("f/g", "y")},
	}
	for name, headers := range cases {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			write(t, root+"/secret", "secret")
			os.Mkdir(root+"/at", 0o755)

			_, err := Put(Destination{Path: root + "/at", Name: "tree"}, made(t, headers...))

			var failure *Failure
			if !errors.As(err, &failure) {
				t.Error(err)
			}
			if left := listed(t, root); left != "at/ secret" && !(name == "more than one file" && left == "at/ at/tree secret") {
				t.Error(left)
			}
		})
	}
}

func TestAnArchiveThatBreaksOffLeavesNothing(t *testing.T) {
	broken := errors.New("the host is gone")
	content := string(bytes.Repeat([]byte("x"), 100_000))
	for name, headers := range map[string][]tar.Header{
		"file": {aFile(".", content)},
		"tree": {aDir("./"), aFile("small", "y"), aFile("f", content)},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			archive := made(t, headers...)
			some := io.MultiReader(io.LimitReader(archive, archive.Size()-60_000), failing{broken})

			_, err := Put(Destination{Path: root, Name: "it"}, some)

			if !errors.Is(err, broken) || listed(t, root) != "" {
				t.Fatal(err, listed(t, root))
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestWhatIsNoArchiveIsRefused(t *testing.T) {
	whole, _ := io.ReadAll(made(t, aDir("d/"), aFile("d/f", string(make([]byte, 600)))))
	for name, c := range map[string][]byte{
		"nothing":     nil,
		"rubbish":     bytes.Repeat([]byte("no tar"), 1000),
		"half a file": whole[:len(whole)-1024-512+50],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Put(Destination{Path: t.TempDir(), Archive: true}, bytes.NewReader(c))

			var failure *Failure
			if !errors.As(err, &failure) || failure.Reason != BadArchive {
				t.Fatal(err)
			}
		})
	}
}

func TestAnArchiveIsMergedAndFollowsLinksThatStay(t *testing.T) {
	root := t.TempDir()
	write(t, root+"/usr/bin/sh", "old")
	os.Symlink("usr/bin", root+"/bin")

	placed, err := Put(Destination{Path: root, Archive: true, KeepOwners: true},
		made(t, aDir("bin/"), aFile("bin/sh", "new"), aFile("deep/in/it", "x"), aLink("l", "/anywhere"), aHardLink("h", "bin/sh")))

	if err != nil || placed.Entries != 5 || read(t, root+"/usr/bin/sh") != "new" || read(t, root+"/h") != "new" {
		t.Fatal(placed, err)
	}
	if got := listed(t, root); got != "bin deep/ deep/in/ deep/in/it h l usr/ usr/bin/ usr/bin/sh" {
		t.Fatal(got)
	}
}

func TestADirectoryThatIsThereKeepsItsPermissions(t *testing.T) {
	root := t.TempDir()
	os.Chmod(root, 0o700)

	_, err := Put(Destination{Path: root}, made(t, aDir("./"), aFile("f", "x")))

	info, _ := os.Stat(root)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatal(err, info.Mode())
	}
}

func TestAFullDiskIsSaid(t *testing.T) {
	at := smallDisk(t, "size=256k")
	write(t, filepath.Join(at, "kept"), "kept")

	_, err := Put(Destination{Path: at + "/big"}, made(t, aFile(".", string(make([]byte, 1<<20)))))

	var failure *Failure
	if !errors.As(err, &failure) || failure.Reason != DiskFull || listed(t, at) != "kept" {
		t.Fatal(err, listed(t, at))
	}
}
