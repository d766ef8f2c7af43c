package files

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// stacked is an overlay as a build's machine has it, and the changes of it.
type stacked struct {
	root    string
	changes *Changes
}

// overlaid mounts one above what below has made.
func overlaid(t *testing.T, below func(lower string)) stacked {
	t.Helper()
	disk := smallDisk(t, "mode=0755")
	lower, upper, work, root := disk+"/lower", disk+"/upper", disk+"/work", disk+"/root"
	for _, dir := range []string{lower, upper, work, root} {
		os.Mkdir(dir, 0o755)
	}
	below(lower)
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s,redirect_dir=off,metacopy=off,index=off", lower, upper, work)
	if err := unix.Mount("overlay", root, "overlay", 0, options); err != nil {
		t.Skipf("needs overlayfs: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(root, unix.MNT_DETACH) })
	changes, err := OpenChanges(upper, lower)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { changes.upper.Close(); changes.lower.Close() })
	return stacked{root, changes}
}

func (s stacked) layer(t *testing.T) []byte {
	t.Helper()
	var layer bytes.Buffer
	if err := s.changes.PackLayer(&layer); err != nil {
		t.Fatal(err)
	}
	return layer.Bytes()
}

// entriesOf are the headers of a layer by name, and the names in order.
func entriesOf(t *testing.T, layer []byte) (map[string]*tar.Header, string) {
	t.Helper()
	headers, names := map[string]*tar.Header{}, []string{}
	for reader := tar.NewReader(bytes.NewReader(layer)); ; {
		header, err := reader.Next()
		if err == io.EOF {
			return headers, strings.Join(names, " ")
		}
		if err != nil {
			t.Fatal(err)
		}
		headers[header.Name] = header
		names = append(names, header.Name)
	}
}

func TestALayerHasWhatWasChangedAndSaysWhatIsGone(t *testing.T) {
	s := overlaid(t, func(lower string) {
		for _, name := range []string{"gone", "kept", "dir/gone", "dir/kept", "emptied/a", "replaced/a", "tree/a/b"} {
			write(t, lower+"/"+name, "old")
		}
	})
	at := func(name string) string { return s.root + "/" + name }
	os.Remove(at("gone"))
	os.Remove(at("dir/gone"))
	os.RemoveAll(at("tree"))
	os.RemoveAll(at("emptied"))
	write(t, at("emptied/new"), "new")
	os.RemoveAll(at("replaced"))
	write(t, at("replaced"), "a file now")
	write(t, at("made/deep/file"), "new")
	os.Symlink("kept", at("link"))

	_, names := entriesOf(t, s.layer(t))

	want := "dir/ dir/.wh.gone emptied/ emptied/.wh..wh..opq emptied/new .wh.gone link made/ made/deep/ made/deep/file replaced .wh.tree"
	if names != want {
		t.Errorf("the layer has\n%s, not\n%s", names, want)
	}
}

func TestALayerKeepsEveryAttribute(t *testing.T) {
	s := overlaid(t, func(lower string) { write(t, lower+"/old", "old") })
	at := func(name string) string { return s.root + "/" + name }
	write(t, at("file"), "content")
	os.Link(at("file"), at("twin"))
	os.Chown(at("file"), 3_000_000_000, 70_000)
	os.Chmod(at("file"), os.ModeSetuid|0o751)
	capability := []byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	if err := unix.Lsetxattr(at("file"), "security.capability", capability, 0); err != nil {
		t.Fatal(err)
	}
	unix.Mknod(at("null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3)))
	unix.Mkfifo(at("fifo"), 0o600)
	if listener, err := net.Listen("unix", at("socket")); err == nil {
		defer listener.Close()
	}
	long := strings.Repeat("long/", 60)
	write(t, at(long+"\xff\n"), "strange")
	os.Chtimes(at("old"), aTime, aTime)

	layer := s.layer(t)
	headers, _ := entriesOf(t, layer)

	file := headers["file"]
	if file.Uid != 3_000_000_000 || file.Gid != 70_000 || file.Mode != 0o4751 {
		t.Errorf("file belongs to %d:%d with mode %o", file.Uid, file.Gid, file.Mode)
	}
	if got := file.PAXRecords["SCHILY.xattr.security.capability"]; got != string(capability) {
		t.Errorf("its capability is %q", got)
	}
	if twin := headers["twin"]; twin.Typeflag != tar.TypeLink || twin.Linkname != "file" {
		t.Errorf("twin is no hard link: %+v", twin)
	}
	if null := headers["null"]; null.Typeflag != tar.TypeChar || null.Devmajor != 1 || null.Devminor != 3 {
		t.Errorf("null is no device: %+v", null)
	}
	if headers["fifo"].Typeflag != tar.TypeFifo || headers["socket"] != nil || headers[long+"\xff\n"] == nil {
		t.Error("there is no fifo or strange name, or there is a socket")
	}
	if !headers["old"].ModTime.Equal(aTime) {
		t.Errorf("the time of old is %v", headers["old"].ModTime)
	}
	if !bytes.Equal(layer, s.layer(t)) {
		t.Error("the same changes give another layer")
	}
}

func TestHolesAreNotInALayerAndAttributesAreBesideThem(t *testing.T) {
	s := overlaid(t, func(string) {})
	file, _ := os.Create(s.root + "/sparse")
	file.WriteAt([]byte("end"), 1<<30)
	file.Close()
	if err := unix.Lsetxattr(s.root+"/sparse", "trusted.note", []byte("x"), 0); err != nil {
		t.Fatal(err)
	}

	layer := s.layer(t)
	headers, _ := entriesOf(t, layer)

	if sparse := headers["sparse"]; sparse.Size != 1<<30+3 || sparse.PAXRecords["SCHILY.xattr.trusted.note"] != "x" {
		t.Errorf("the sparse file is %+v", sparse)
	}
	if len(layer) > 64<<10 {
		t.Errorf("the layer has %d bytes", len(layer))
	}
}

func TestWhatWasMadeToMountOnIsNotInALayer(t *testing.T) {
	s := overlaid(t, func(lower string) { write(t, lower+"/etc/kept", "") })
	at := func(name string) string { return s.root + "/" + name }
	for _, name := range []string{"proc", "etc/hosts", "run/far/resolv.conf"} {
		write(t, at(name+"/x"), "")
		os.RemoveAll(at(name))
	}
	os.Mkdir(at("proc"), 0o755)
	write(t, at("etc/hosts"), "")
	write(t, at("run/far/resolv.conf"), "")
	for _, name := range []string{"proc", "etc", "etc/hosts", "run", "run/far", "run/far/resolv.conf"} {
		s.changes.ours[name] = unix.Stat_t{}
	}
	if err := s.changes.Begin(); err != nil {
		t.Fatal(err)
	}

	_, untouched := entriesOf(t, s.layer(t))
	write(t, at("run/new"), "x")
	write(t, at("etc/hosts"), "x")
	_, touched := entriesOf(t, s.layer(t))

	if untouched != "" || touched != "etc/ etc/hosts run/ run/new" {
		t.Errorf("the layers have %q and %q", untouched, touched)
	}
}

func TestTheRootIsInALayerWhenItWasChanged(t *testing.T) {
	s := overlaid(t, func(string) {})
	os.Chmod(s.root, 0o700)

	headers, names := entriesOf(t, s.layer(t))

	if names != "./" || headers["./"].Mode != 0o700 {
		t.Errorf("the layer has %q", names)
	}
}

func TestWhatCannotBeInALayerIsRefusedByName(t *testing.T) {
	for name, make := range map[string]func(root string) error{
		`"/dir/.wh.x" cannot be in an image`: func(root string) error {
			os.Mkdir(root+"/dir", 0o755)
			return os.WriteFile(root+"/dir/.wh.x", nil, 0o644)
		},
		`cannot have its attribute "trusted.a=b"`: func(root string) error {
			os.WriteFile(root+"/x", nil, 0o644)
			return unix.Lsetxattr(root+"/x", "trusted.a=b", []byte("x"), 0)
		},
	} {
		s := overlaid(t, func(string) {})
		if err := make(s.root); err != nil {
			t.Fatal(err)
		}

		err := s.changes.PackLayer(io.Discard)

		var failure *Failure
		if !errors.As(err, &failure) || failure.Reason != BadArchive || !strings.Contains(failure.Message, name) {
			t.Errorf("%v does not say %s", err, name)
		}
	}
}
