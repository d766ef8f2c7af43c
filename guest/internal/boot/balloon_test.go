package boot

import (
	"os"
	"path/filepath"
	"testing"
)

func TestVirtioDevicesAreToldByTheirNumber(t *testing.T) {
	dir := t.TempDir()
	for name, id := range map[string]string{"virtio0": "0x0002\n", "virtio1": "0x0005\n"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "device"), []byte(id), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	if !hasVirtioDevice(dir, balloonDevice) {
		t.Error("there is a balloon")
	}
	if hasVirtioDevice(dir, "0x0013") || hasVirtioDevice(filepath.Join(dir, "none"), balloonDevice) {
		t.Error("there is no such device")
	}
}
