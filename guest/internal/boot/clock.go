package boot

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// clockTolerance is a difference that the way from the host explains.
const clockTolerance = 50 * time.Millisecond

func setClock(host time.Time) error {
	if host.IsZero() || time.Since(host).Abs() <= clockTolerance {
		return nil
	}
	spec := unix.NsecToTimespec(host.UnixNano())
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &spec); err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	return nil
}
