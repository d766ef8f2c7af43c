package identity

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// clockTolerance is a difference that the way from the host explains.
const clockTolerance = 50 * time.Millisecond

// SetClock takes over the host's time of when the request was sent; AdjustClock does it better, with the way measured.
func (i Identity) SetClock() error {
	if i.HostTime.IsZero() || time.Since(i.HostTime).Abs() <= clockTolerance {
		return nil
	}
	spec := unix.NsecToTimespec(i.HostTime.UnixNano())
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &spec); err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	return nil
}

// AdjustClock moves the clock by so much, in one step, and returns the time then.
func AdjustClock(by time.Duration) (time.Time, error) {
	if by != 0 {
		seconds, rest := by/time.Second, by%time.Second
		if rest < 0 {
			seconds, rest = seconds-1, rest+time.Second
		}
		step := unix.Timex{Modes: unix.ADJ_SETOFFSET | unix.ADJ_NANO}
		step.Time.Sec, step.Time.Usec = int64(seconds), int64(rest)
		if _, err := unix.Adjtimex(&step); err != nil {
			return time.Time{}, fmt.Errorf("adjust the clock: %w", err)
		}
	}
	return time.Now(), nil
}
