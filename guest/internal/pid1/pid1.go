// Package pid1 is the agent's life as process 1.
//
// It does little, because what process 1 does must not fail: it mounts the pseudo file systems, loads the modules of the
// initrd, starts the serving process (the same program again), and reaps. The two talk over a socket of one message per
// step, see Link. During Boot the serving process builds the new root and process 1 moves it over "/". Then process 1
// either becomes the image's init by exec, while the serving process lives on, or stays and reaps for ever.
//
// The serving process's argv[0] starts with '@': systemd spares such a process when it kills everything before
// switching off, so that the host can still be answered.
//
// When the serving process dies while the agent is process 1, nobody could reach the machine any more, so it is
// switched off. After the exec the image's init is in charge and nothing watches the serving process.
package pid1

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"banger.dev/guest/internal/console"
	"banger.dev/guest/internal/modules"
	"banger.dev/guest/internal/power"
	"banger.dev/guest/internal/pseudofs"
)

const (
	self = "/proc/self/exe"
	// ServingName is the serving process's argv[0].
	ServingName = "@banger-agent"
	// ServingSocket is the file descriptor of the serving process's end of the link.
	ServingSocket = 3
)

// Run is process 1 from the start of the initrd on. It does not return.
func Run() {
	mountErr := pseudofs.Mount()
	useConsole()
	log := console.Open()
	if mountErr != nil {
		powerOff(log, "cannot set up the initrd: %v", mountErr)
	}
	modules.Load(modules.ListFile, log.Printf)
	link, serving, err := startServing()
	if err != nil {
		powerOff(log, "cannot start the serving process: %v", err)
	}
	go func() {
		if err := obey(link); err != nil {
			log.Printf("process 1 lost the serving process: %v", err)
		}
	}()
	reap(serving, log)
}

// useConsole makes the console standard input and output, also for the init that comes after.
func useConsole() {
	fd, err := unix.Open("/dev/console", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		fd, err = unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return
	}
	for standard := range 3 {
		if standard != fd {
			unix.Dup3(fd, standard, 0)
		}
	}
	if fd > 2 {
		unix.Close(fd)
	}
}

func startServing() (link *os.File, pid int, err error) {
	ours, theirs, err := newLink()
	if err != nil {
		return nil, 0, err
	}
	defer theirs.Close()
	pid, err = syscall.ForkExec(self, []string{ServingName, "serve"}, &syscall.ProcAttr{
		Dir:   "/",
		Env:   []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Files: []uintptr{0, 1, 2, theirs.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		ours.Close()
		return nil, 0, fmt.Errorf("fork: %w", err)
	}
	return ours, pid, nil
}

// reap collects every orphan of the machine. It never returns: the end of the serving process ends the machine.
func reap(serving int, log *console.Log) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case pid == serving:
			powerOff(log, "the serving process ended (%s); nobody can reach this machine any more", describe(status))
		case err != nil && err != syscall.EINTR:
			powerOff(log, "cannot wait for processes: %v", err)
		}
	}
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "signal " + status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}

func powerOff(log *console.Log, format string, args ...any) {
	log.Printf(format, args...)
	unix.Sync()
	power.Cut()
	// Without a way to switch off, a halted machine is the next best; process 1 must not return.
	unix.Reboot(unix.LINUX_REBOOT_CMD_HALT)
	select {}
}
