// Package power ends the machine: through the image's init where there is one, which stops its services in order, else
// by itself.
package power

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"banger.dev/guest/internal/readiness"
)

const (
	// systemd's SIGRTMIN+4: start poweroff.target. The C library keeps two real-time signals for itself.
	systemdPowerOff = unix.Signal(34 + 4)
	busyboxPowerOff = unix.SIGUSR2
	// helperDeadline is for the image's poweroff command, which only asks.
	helperDeadline = 10 * time.Second
	// servicesDeadline leaves time for the rest within what the host gives a slow machine.
	servicesDeadline = 60 * time.Second
)

// Off switches the machine off, or asks the image's init to; it returns only in the latter case.
func Off(hasImageInit bool, note func(format string, args ...any)) {
	if openRC := readiness.OpenRC(); hasImageInit && readiness.HasOpenRC() {
		// Its services are stopped in their order; the rest is done here, since no init knows of the disks below the root.
		if err := stopServices(openRC); err != nil {
			note("not all services have stopped: %v", err)
		}
	} else if hasImageInit {
		err := askInit()
		if err == nil {
			return
		}
		note("the image's init cannot be asked to switch off: %v", err)
	}
	endProcesses(termGrace)
	makeClean(note)
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
		note("cannot switch off: %v", err)
	}
}

// stopServices waits for the services of OpenRC to stop.
func stopServices(openRC string) error {
	ctx, cancel := context.WithTimeout(context.Background(), servicesDeadline)
	defer cancel()
	return exec.CommandContext(ctx, openRC, "shutdown").Run()
}

// askInit knows the signals of the common inits; others come with a poweroff command that knows its own.
func askInit() error {
	program, _ := os.Readlink("/proc/1/exe")
	switch filepath.Base(program) {
	case "systemd":
		return unix.Kill(1, systemdPowerOff)
	case "busybox":
		return unix.Kill(1, busyboxPowerOff)
	}
	ctx, cancel := context.WithTimeout(context.Background(), helperDeadline)
	defer cancel()
	for _, command := range []string{"/sbin/poweroff", "/usr/sbin/poweroff", "/bin/poweroff"} {
		if _, err := os.Stat(command); err == nil {
			return exec.CommandContext(ctx, command).Run()
		}
	}
	return fmt.Errorf("%s is not known and there is no poweroff command", program)
}
