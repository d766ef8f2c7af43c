package power

import (
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// resetWord is on the command line of a kernel whose monitor has no power switch (Firecracker on x86): there a kernel that
// is switched off stands still for ever, and it is a reset by the keyboard controller that ends the machine.
const resetWord = "reboot=k"

// From the kernel's sysrq.rst: reset at once, and make all disks read-only.
const (
	sysrqTrigger  = "/proc/sysrq-trigger"
	sysrqReset    = "b"
	sysrqReadOnly = "u"
)

// Cut ends the machine at once, whatever still runs; it returns only when that fails. A reset in the place of switching off
// is asked for by sysrq, so that the console does not speak of a restart: a host that learns of resets only, reads there
// which of them was meant as one.
func Cut() error {
	if EndsByReset() {
		return os.WriteFile(sysrqTrigger, []byte(sysrqReset), 0)
	}
	return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

// EndsByReset says whether this machine ends by a reset rather than by being switched off.
func EndsByReset() bool {
	line, err := os.ReadFile("/proc/cmdline")
	return err == nil && hasResetWord(string(line))
}

func hasResetWord(commandLine string) bool {
	return slices.Contains(strings.Fields(commandLine), resetWord)
}
