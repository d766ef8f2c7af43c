package boot

import (
	"errors"
	"os"

	"banger.dev/guest/internal/dirs"
	"banger.dev/guest/internal/identity"
	"banger.dev/guest/internal/power"
)

// shutdownHookDir holds programs that systemd runs last, when it has stopped and unmounted what it can
// (systemd-shutdown(8)).
const (
	shutdownHookDir = "/usr/lib/systemd/system-shutdown"
	shutdownHook    = shutdownHookDir + "/banger-read-only"
)

// The disks below the root cannot be unmounted while the root stands on them; made read-only by the kernel they leave no
// journal to replay. That has no event to wait for, and takes a few milliseconds.
const shutdownScript = `#!/bin/sh
# Written by banger's agent: makes the disks below the root read-only before the power goes.
sync
echo u > /proc/sysrq-trigger
sleep 0.2
`

// resetScript follows where a machine that is switched off would stand still for ever (power.EndsByReset).
const resetScript = `# This machine has no power switch; its monitor ends it when it is reset.
case $1 in poweroff | halt) echo b > /proc/sysrq-trigger ;; esac
`

// hookShutdown has systemd leave the disks as clean as the agent does where it is the init.
func (r *run) hookShutdown() error {
	if !r.plan.HandOver {
		return nil
	}
	if _, err := os.Stat("/usr/lib/systemd/systemd"); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	if err := dirs.Make(shutdownHookDir, 0o755); err != nil {
		return err
	}
	script := shutdownScript
	if power.EndsByReset() {
		script += resetScript
	}
	return identity.Replace(shutdownHook, []byte(script), 0o755)
}
