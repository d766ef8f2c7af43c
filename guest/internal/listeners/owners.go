package listeners

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// owner is a process that has a socket open.
type owner struct {
	pid  int
	name string
}

// A socket whose owner is not found is looked for again that often: it may be on its way from one process to another.
const lookups = 3

// owners remembers whose each socket is. Looking is the dear part of a watch, so it is done for new sockets alone.
type owners struct {
	byInode map[uint64]owner
	misses  map[uint64]int
}

func newOwners() *owners {
	return &owners{map[uint64]owner{}, map[uint64]int{}}
}

// update learns the owners of sockets that are new, or whose owner has ended, and forgets all others.
func (o *owners) update(sockets []socket) {
	wanted := map[uint64]bool{}
	for _, s := range sockets {
		wanted[s.inode] = true
	}
	for inode, known := range o.byInode {
		if !wanted[inode] || errors.Is(unix.Kill(known.pid, 0), unix.ESRCH) {
			delete(o.byInode, inode)
		}
	}
	for inode := range o.misses {
		if !wanted[inode] {
			delete(o.misses, inode)
		}
	}
	missing := map[uint64]bool{}
	for inode := range wanted {
		// Sockets of the kernel's own have no inode.
		if _, known := o.byInode[inode]; !known && inode != 0 && o.misses[inode] < lookups {
			missing[inode] = true
		}
	}
	if len(missing) == 0 {
		return
	}
	o.search(missing)
	for inode := range missing {
		o.misses[inode]++
	}
}

// search goes through the processes, oldest first: of a server with many it is the first one that counts.
func (o *owners) search(missing map[uint64]bool) {
	for _, pid := range processes() {
		dir := "/proc/" + strconv.Itoa(pid) + "/fd"
		descriptors, err := readNames(dir)
		if err != nil {
			continue // It has ended.
		}
		for _, descriptor := range descriptors {
			target, _ := os.Readlink(dir + "/" + descriptor)
			inode, ok := socketInode(target)
			if !ok || !missing[inode] {
				continue
			}
			o.byInode[inode] = owner{pid, processName(pid)}
			delete(missing, inode)
			delete(o.misses, inode)
			if len(missing) == 0 {
				return
			}
		}
	}
}

func processes() []int {
	names, _ := readNames("/proc")
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

func readNames(dir string) ([]string, error) {
	open, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer open.Close()
	return open.Readdirnames(-1)
}

func socketInode(target string) (uint64, bool) {
	text, ok := strings.CutPrefix(target, "socket:[")
	if !ok {
		return 0, false
	}
	inode, err := strconv.ParseUint(strings.TrimSuffix(text, "]"), 10, 64)
	return inode, err == nil
}

// processName is what a process calls itself, without what does not print. The kernel keeps 15 bytes.
func processName(pid int) string {
	name, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, string(name))
}
