package boot

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"banger.dev/guest/internal/uevent"
)

const blockDir = "/sys/block"

// findDrives waits until every drive of the plan is there. A drive's letter depends on the order of probing; its serial
// number is the host's.
func (r *run) findDrives() error {
	wanted := []string{r.plan.Drives.Base, r.plan.Drives.Overlay, r.plan.Drives.Work, r.plan.Drives.Modules, r.plan.Drives.Delta}
	wanted = slices.DeleteFunc(wanted, func(serial string) bool { return serial == "" })
	err := uevent.Await(r.ctx, func() (bool, error) {
		r.devices = devicesBySerial(blockDir)
		return len(missing(wanted, r.devices)) == 0, nil
	})
	if err != nil {
		return fmt.Errorf("wait for the drives %s: %w", strings.Join(missing(wanted, r.devices), ", "), err)
	}
	return nil
}

func devicesBySerial(dir string) map[string]string {
	devices := map[string]string{}
	files, _ := filepath.Glob(filepath.Join(dir, "vd*", "serial"))
	for _, file := range files {
		// A device that goes away while it is looked at has no serial.
		if serial, err := os.ReadFile(file); err == nil && len(serial) > 0 {
			devices[strings.TrimSpace(string(serial))] = filepath.Join("/dev", filepath.Base(filepath.Dir(file)))
		}
	}
	return devices
}

func missing(wanted []string, devices map[string]string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(serial string) bool { return devices[serial] != "" })
}
