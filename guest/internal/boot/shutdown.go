package boot

import (
	"errors"
	"os"

	"banger.dev/guest/internal/dirs"
	"banger.dev/guest/internal/identity"
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
	return identity.Replace(shutdownHook, []byte(shutdownScript), 0o755)
}
