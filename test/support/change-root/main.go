// change-root changes a root file system in every way that a layer has to tell. It needs nothing but itself in it, and
// leaves the same in every root, times included.
package main

import (
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

var aTime = time.Unix(1_600_000_000, 123_456_789)

func main() {
	log.SetFlags(0)
	remove()
	replace()
	add()
	// Last, as everything in a directory sets its time.
	for _, name := range []string{"/dir", "/new/deep", "/new", "/opaque", "/emptied"} {
		must(os.Chtimes(name, aTime, aTime))
	}
}

// remove takes away a file, one of a directory that stays, a tree, and one that was made a moment ago.
func remove() {
	must(os.Remove("/gone"))
	must(os.Remove("/dir/gone"))
	must(os.RemoveAll("/tree"))
	write("/short-lived", "x")
	must(os.Remove("/short-lived"))
}

// replace puts other kinds of things where something was.
func replace() {
	must(os.RemoveAll("/opaque"))
	write("/opaque/new", "new")
	must(os.RemoveAll("/emptied"))
	must(os.Mkdir("/emptied", 0o700))
	must(os.RemoveAll("/dir-to-file"))
	write("/dir-to-file", "a file now")
	must(os.Remove("/file-to-dir"))
	write("/file-to-dir/inside", "a directory now")
	must(os.Rename("/moved", "/dir/arrived"))
	must(os.Chmod("/mode", os.ModeSetuid|0o750))
	must(os.Chown("/owner", 70_000, 3_000_000_000))
	must(os.Chtimes("/old", aTime, aTime))
	must(os.Remove("/link"))
	must(os.Symlink("new/deep/file", "/link"))
}

func add() {
	write("/new/deep/file", strings.Repeat("content ", 10_000))
	must(os.Link("/new/deep/file", "/new/twin"))
	must(os.Symlink(strings.Repeat("far/", 200)+"away", "/new/long-link"))
	write("/new/"+strings.Repeat("n", 200)+"/"+strings.Repeat("m", 200), "long name")
	write("/new/\xff\nstrange", "a name that is no text")
	must(syscall.Mknod("/new/null", syscall.S_IFCHR|0o666, 1<<8|3))
	must(syscall.Mkfifo("/new/fifo", 0o622))
	must(os.Chmod("/new/fifo", 0o622))
	must(os.Chmod("/new/null", 0o666))
	listener, err := net.Listen("unix", "/new/socket")
	must(err)
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	must(listener.Close())
	write("/new/capable", "x")
	// struct vfs_cap_data (linux/capability.h), version 2, effective: CAP_NET_RAW.
	must(syscall.Setxattr("/new/capable", "security.capability", []byte("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 0))
	must(syscall.Setxattr("/new/capable", "user.note", []byte("a\x00b"), 0))
	sparse, err := os.Create("/new/sparse")
	must(err)
	_, err = sparse.WriteAt([]byte("end"), 64<<20)
	must(err)
	must(sparse.Close())
}

func write(name, content string) {
	must(os.MkdirAll(filepath.Dir(name), 0o755))
	must(os.WriteFile(name, []byte(content), 0o644))
	must(os.Chtimes(name, aTime, aTime))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
