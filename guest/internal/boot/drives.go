package boot

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"banger.dev/guest/internal/uevent"
)

const sysDir = "/sys"

// orderPrefix names a drive by its place among the machine's virtio block devices, from 0, where the monitor sets no
// serial numbers of its own choice.
const orderPrefix = "order:"

// virtioBlock is the id of block devices (virtio 1.2, section 5).
const virtioBlock = "0x0002"

// findDrives waits until every drive of the plan is there. A drive's letter depends on the order of probing; its serial
// number, and its place, are the host's.
func (r *run) findDrives() error {
	wanted := []string{r.plan.Drives.Base, r.plan.Drives.Overlay, r.plan.Drives.Work, r.plan.Drives.Modules, r.plan.Drives.Delta}
	wanted = slices.DeleteFunc(wanted, func(name string) bool { return name == "" })
	err := uevent.Await(r.ctx, func() (bool, error) {
		r.devices = findDevices(sysDir)
		return len(missing(wanted, r.devices)) == 0, nil
	})
	if err != nil {
		return fmt.Errorf("wait for the drives %s: %w", strings.Join(missing(wanted, r.devices), ", "), err)
	}
	return nil
}

// findDevices returns the device of each drive by its serial number and by its place.
func findDevices(sys string) map[string]string {
	devices := map[string]string{}
	files, _ := filepath.Glob(filepath.Join(sys, "block", "vd*", "serial"))
	for _, file := range files {
		// A device that goes away while it is looked at has no serial.
		if serial, err := os.ReadFile(file); err == nil && len(serial) > 0 {
			devices[strings.TrimSpace(string(serial))] = filepath.Join("/dev", filepath.Base(filepath.Dir(file)))
		}
	}
	for place, dir := range blockDevices(sys) {
		// Empty until its driver has taken it.
		if names, _ := filepath.Glob(filepath.Join(dir, "block", "*")); len(names) == 1 {
			devices[orderPrefix+strconv.Itoa(place)] = filepath.Join("/dev", filepath.Base(names[0]))
		}
	}
	return devices
}

// blockDevices returns the virtio block devices in the order of their numbers, which the kernel gives as it finds them on
// their bus: in the order in which the monitor attached them. They are there before any driver looks at them.
func blockDevices(sys string) []string {
	dirs, _ := filepath.Glob(filepath.Join(sys, "bus", "virtio", "devices", "virtio*"))
	dirs = slices.DeleteFunc(dirs, func(dir string) bool {
		id, err := os.ReadFile(filepath.Join(dir, "device"))
		return err != nil || strings.TrimSpace(string(id)) != virtioBlock
	})
	slices.SortFunc(dirs, func(a, b string) int { return virtioNumber(a) - virtioNumber(b) })
	return dirs
}

func virtioNumber(dir string) int {
	number, _ := strconv.Atoi(strings.TrimPrefix(filepath.Base(dir), "virtio"))
	return number
}

func missing(wanted []string, devices map[string]string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return devices[name] != "" })
}
