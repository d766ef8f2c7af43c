package power

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// termGrace is what processes get between SIGTERM and SIGKILL.
const termGrace = 2 * time.Second

// endProcesses ends every process but process 1 and this one. Each is watched through a descriptor, so the wait ends
// with the last of them.
func endProcesses(grace time.Duration) {
	watched := watchAll()
	for _, w := range watched {
		unix.PidfdSendSignal(int(w.Fd), unix.SIGTERM, nil, 0)
		// A stopped process would not notice.
		unix.PidfdSendSignal(int(w.Fd), unix.SIGCONT, nil, 0)
	}
	waitAll(watched, time.Now().Add(grace))
	closeAll(watched)
	// What is left, and what was started meanwhile.
	KillProcesses(grace)
}

// KillProcesses kills every process but process 1 and this one, and waits for their end, but no longer than patience.
func KillProcesses(patience time.Duration) {
	watched := watchAll()
	unix.Kill(-1, unix.SIGKILL)
	waitAll(watched, time.Now().Add(patience))
	closeAll(watched)
}

func watchAll() []unix.PollFd {
	var watched []unix.PollFd
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == 1 || pid == os.Getpid() || !isUserProcess(entry.Name()) {
			continue
		}
		if fd, err := unix.PidfdOpen(pid, 0); err == nil {
			watched = append(watched, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		}
	}
	return watched
}

// isUserProcess leaves out kernel threads and the dead, which run no program.
func isUserProcess(pid string) bool {
	_, err := os.Readlink("/proc/" + pid + "/exe")
	return err == nil
}

func waitAll(watched []unix.PollFd, deadline time.Time) {
	for _, w := range watched {
		for {
			left := time.Until(deadline)
			if left <= 0 {
				return
			}
			_, err := unix.Poll([]unix.PollFd{w}, int(left.Milliseconds())+1)
			if err != unix.EINTR {
				break
			}
		}
	}
}

func closeAll(watched []unix.PollFd) {
	for _, w := range watched {
		unix.Close(int(w.Fd))
	}
}
