package boot

import (
	"os"
	"path/filepath"
	"strings"

	"banger.dev/guest/internal/modules"
)

const (
	virtioDevices = "/sys/bus/virtio/devices"
	// Virtual I/O Device (VIRTIO) 1.2, section 5
	balloonDevice = "0x0005"
	balloonModule = "kernel/drivers/virtio/virtio_balloon.ko"
)

// loadBalloon loads the driver by which this kernel tells the host what memory it does not use, where the host has given
// the machine that device. An init with udev of its own would, but not every image has one. A module that is not there is
// one that the kernel has built in, or that it has compressed: then it is for udev.
func loadBalloon(modulesDir string) error {
	if !hasVirtioDevice(virtioDevices, balloonDevice) {
		return nil
	}
	path := filepath.Join(modulesDir, balloonModule)
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	return modules.LoadFile(path)
}

func hasVirtioDevice(dir, id string) bool {
	found, _ := filepath.Glob(filepath.Join(dir, "*", "device"))
	for _, file := range found {
		content, err := os.ReadFile(file)
		if err == nil && strings.TrimSpace(string(content)) == id {
			return true
		}
	}
	return false
}
