package process

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Stop asks the process group to end with SIGTERM, or the process with its own stop signal, and kills what is left of it after the grace time. It returns at once;
// only the first one counts.
func (p *Process) Stop(grace time.Duration) {
	p.end(unix.SIGTERM, func() {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		awaitGroup(ctx, p.PID)
	})
}

// awaitGroup returns when nobody of the group lives any more, or ctx is done. The dead that nobody has collected do not
// count.
func awaitGroup(ctx context.Context, group int) {
	for ctx.Err() == nil {
		living := livingOf(group)
		if len(living) == 0 {
			return
		}
		for _, pid := range living {
			awaitEnd(ctx, pid)
		}
	}
}

// awaitEnd waits for any process, not only for children.
func awaitEnd(ctx context.Context, pid int) {
	pidfd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return
	}
	file := os.NewFile(uintptr(pidfd), "pidfd")
	defer file.Close()
	raw, err := file.SyscallConn()
	if err != nil {
		return
	}
	defer context.AfterFunc(ctx, func() { file.SetReadDeadline(time.Now()) })()
	raw.Read(func(fd uintptr) bool {
		// From pidfd_open(2): readable once the process has ended.
		events := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(events, 0)
		return n > 0 || err != nil && err != unix.EINTR
	})
}

func livingOf(group int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var living []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && livesIn(pid, group) {
			living = append(living, pid)
		}
	}
	return living
}

// livesIn reads state and group from proc(5): "pid (name) state parent group …", where the name may hold anything.
func livesIn(pid, group int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 3 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
		return false
	}
	number, err := strconv.Atoi(string(fields[2]))
	return err == nil && number == group
}
