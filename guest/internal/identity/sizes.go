package identity

import (
	"context"
	"fmt"
	"time"

	"banger.dev/guest/internal/uevent"
)

// resizeDeadline is for the kernel to take notice of a disk that the host has just made larger.
const resizeDeadline = 5 * time.Second

// growAll lets the file systems have what they are to have. A disk that does not grow is a smaller disk, which the
// answer tells, and no reason to fail.
func (i Identity) growAll(machine Machine) error {
	for _, want := range []struct {
		disk  *Disk
		bytes uint64
	}{{machine.Overlay, i.OverlayBytes}, {machine.Work, i.WorkBytes}} {
		if want.disk == nil {
			continue
		}
		if err := want.disk.growWhenLarge(want.bytes); err != nil {
			machine.Note("cannot grow the file system of %s: %v", want.disk.Name, err)
		}
	}
	return nil
}

// growWhenLarge waits for the device to have that size, and in the end grows the file system as far as it goes.
func (d Disk) growWhenLarge(bytes uint64) error {
	waitErr := d.awaitBytes(bytes)
	if err := d.Grow(bytes); err != nil {
		return err
	}
	return waitErr
}

func (d Disk) awaitBytes(bytes uint64) error {
	size, err := d.deviceBytes()
	if err != nil || size >= bytes {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), resizeDeadline)
	defer cancel()
	err = uevent.Await(ctx, func() (bool, error) {
		size, err = d.deviceBytes()
		return size >= bytes, err
	})
	if err != nil {
		return fmt.Errorf("wait until it has %d bytes, not %d: %w", bytes, size, err)
	}
	return nil
}
