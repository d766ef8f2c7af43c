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
	// systemd's SIGRTMIN+5: start reboot.target.
	systemdReboot   = unix.Signal(34 + 5)
	busyboxPowerOff = unix.SIGUSR2
	busyboxReboot   = unix.SIGTERM
	// helperDeadline is for the image's poweroff command, which only asks.
	helperDeadline = 10 * time.Second
	// servicesDeadline leaves time for the rest within what the host gives a slow machine.
	servicesDeadline = 60 * time.Second
)

// Off ends the machine, or asks the image's init to; it returns only in the latter case.
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
	if err := Cut(); err != nil {
		note("cannot switch off: %v", err)
	}
}

// stopServices waits for the services of OpenRC to stop.
func stopServices(openRC string) error {
	ctx, cancel := context.WithTimeout(context.Background(), servicesDeadline)
	defer cancel()
	return exec.CommandContext(ctx, openRC, "shutdown").Run()
}

// request is what an init is asked for, in the ways that inits understand.
type request struct {
	systemd, busybox unix.Signal
	command          string
}

// askInit knows the signals of the common inits; others come with a command that knows its own.
func askInit() error {
	end := request{systemdPowerOff, busyboxPowerOff, "poweroff"}
	if EndsByReset() {
		end = request{systemdReboot, busyboxReboot, "reboot"}
	}
	program, _ := os.Readlink("/proc/1/exe")
	switch filepath.Base(program) {
	case "systemd":
		return unix.Kill(1, end.systemd)
	case "busybox":
		return unix.Kill(1, end.busybox)
	}
	ctx, cancel := context.WithTimeout(context.Background(), helperDeadline)
	defer cancel()
	for _, dir := range []string{"/sbin", "/usr/sbin", "/bin"} {
		command := filepath.Join(dir, end.command)
		if _, err := os.Stat(command); err == nil {
			return exec.CommandContext(ctx, command).Run()
		}
	}
	return fmt.Errorf("%s is not known and there is no %s command", program, end.command)
}
