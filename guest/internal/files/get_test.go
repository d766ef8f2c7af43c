package files

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// copied packs one path and unpacks it at another, with owners.
func copied(t *testing.T, from, to string) {
	t.Helper()
	if _, err := Put(Destination{Path: to, KeepOwners: true}, bytes.NewReader(packed(t, Source{Path: from}))); err != nil {
		t.Fatal(err)
	}
}

func packed(t *testing.T, source Source) []byte {
	t.Helper()
	found, err := Find(source)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if _, err := Get(found, &archive); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

func TestATreeComesOutAsItWentIn(t *testing.T) {
	root := t.TempDir()
	write(t, root+"/from/plain", "plain")
	write(t, root+"/from/empty", "")
	write(t, root+"/from/sub/two\nlines", "newline")
	write(t, root+"/from/sub/\xff\xfe", "not UTF-8")
	write(t, root+"/from/sub/setuid", "s")
	os.Link(root+"/from/plain", root+"/from/zwin")
	os.Symlink("/nowhere\xff", root+"/from/link")
	os.Mkdir(root+"/from/locked", 0o500)
	unix.Chmod(root+"/from/sub/setuid", 0o6755)
	unix.Lchown(root+"/from/sub/setuid", os.Getuid(), os.Getgid())
	old := time.Unix(1_000_000_000, 987_654_321)
	os.Chtimes(root+"/from/plain", old, old)
	os.Chtimes(root+"/from/sub", old, old)

	copied(t, root+"/from", root+"/to")

	if got, want := listed(t, root+"/to"), listed(t, root+"/from"); got != want {
		t.Fatalf("%q is not %q", got, want)
	}
	for _, name := range []string{"plain", "sub", "sub/setuid", "locked", "sub/\xff\xfe"} {
		from, _ := os.Lstat(root + "/from/" + name)
		to, _ := os.Lstat(root + "/to/" + name)
		if from.Mode() != to.Mode() || !from.ModTime().Equal(to.ModTime()) {
			t.Errorf("%q: %v %v, %v %v", name, from.Mode(), from.ModTime(), to.Mode(), to.ModTime())
		}
	}
	target, _ := os.Readlink(root + "/to/link")
	one, _ := os.Stat(root + "/to/plain")
	other, _ := os.Stat(root + "/to/zwin")
	if target != "/nowhere\xff" || !os.SameFile(one, other) || read(t, root+"/to/sub/two\nlines") != "newline" {
		t.Error(target, one, other)
	}
}

func TestHolesStayHoles(t *testing.T) {
	root := t.TempDir()
	const size = 64 << 20
	for name, data := range map[string][]int64{
		"none": {}, "start": {0}, "middle": {8 << 20, 20<<20 + 3}, "end": {size - 1}, "many": many(300),
	} {
		t.Run(name, func(t *testing.T) {
			from, to := root+"/"+name, root+"/to-"+name
			file, _ := os.Create(from)
			for _, at := range data {
				file.WriteAt([]byte("x"), at)
			}
			file.Truncate(size)
			file.Close()

			copied(t, from, to)

			if !bytes.Equal([]byte(read(t, from)), []byte(read(t, to))) {
				t.Fatal("another content")
			}
			var stat unix.Stat_t
			unix.Stat(to, &stat)
			if stat.Blocks*statBlock > size/8 {
				t.Fatalf("%d bytes on the disk", stat.Blocks*statBlock)
			}
		})
	}
}

func many(count int64) (offsets []int64) {
	for i := range count {
		offsets = append(offsets, i*(200<<10))
	}
	return offsets
}

func TestEntriesAreNamedWhenAsked(t *testing.T) {
	root := t.TempDir()
	write(t, root+"/tree/f", "x")
	os.Symlink("tree", root+"/link")
	for name, c := range map[string]struct {
		source Source
		names  []string
	}{
		"plain":         {Source{Path: root + "/tree"}, []string{"./", "./f"}},
		"named":         {Source{Path: root + "/tree", Named: true}, []string{"tree/", "tree/f"}},
		"link":          {Source{Path: root + "/link", Named: true}, []string{"link"}},
		"link followed": {Source{Path: root + "/link", Named: true, Follow: true}, []string{"link/", "link/f"}},
		"link/":         {Source{Path: root + "/link/", Named: true}, []string{"link/", "link/f"}},
	} {
		t.Run(name, func(t *testing.T) {
			reader := tar.NewReader(bytes.NewReader(packed(t, c.source)))
			var names []string
			for header, err := reader.Next(); err == nil; header, err = reader.Next() {
				names = append(names, header.Name)
			}
			if !slices.Equal(names, c.names) {
				t.Fatal(names)
			}
		})
	}
}

func TestAFileThatChangesIsNamed(t *testing.T) {
	for name, spoil := range map[string]func(dir string){
		"grows":    func(dir string) { os.WriteFile(dir+"/f", make([]byte, 2<<20), 0o644) },
		"shrinks":  func(dir string) { os.Truncate(dir+"/f", 10) },
		"changes":  func(dir string) { os.Chtimes(dir+"/f", aTime, aTime) },
		"vanishes": func(dir string) { os.RemoveAll(dir) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir() + "/d"
			write(t, dir+"/f", string(make([]byte, 1<<20)))
			if name == "vanishes" {
				write(t, dir+"/g", string(make([]byte, 1<<20)))
			}
			found, err := Find(Source{Path: dir})
			if err != nil {
				t.Fatal(err)
			}

			_, err = Get(found, &spoiler{do: func() { spoil(dir) }})

			var failure *Failure
			if !errors.As(err, &failure) || failure.Reason != Changed {
				t.Fatal(err)
			}
		})
	}
}

// spoiler does its work when some of a file has been written.
type spoiler struct {
	do    func()
	bytes int
}

func (s *spoiler) Write(p []byte) (int, error) {
	const some = 64 << 10
	if s.bytes < some && s.bytes+len(p) >= some {
		s.do()
	}
	s.bytes += len(p)
	return len(p), nil
}

func TestWhatTheKernelMakesUpCanBeRead(t *testing.T) {
	reader := tar.NewReader(bytes.NewReader(packed(t, Source{Path: "/proc/version"})))
	reader.Next()
	content, _ := io.ReadAll(reader)

	if string(content) != read(t, "/proc/version") {
		t.Fatal(string(content))
	}
}

func TestSocketsAreLeftOut(t *testing.T) {
	root := t.TempDir()
	fd, _ := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: root + "/s"}); err != nil {
		t.Fatal(err)
	}
	found, _ := Find(Source{Path: root})

	skipped, err := Get(found, io.Discard)

	if err != nil || skipped.Count != 1 || !slices.Equal(skipped.Names, []string{root + "/s"}) {
		t.Fatal(skipped, err)
	}
}
