package boot

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

func write(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	os.MkdirAll(filepath.Dir(file), 0o755)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDevicesAreFoundBySerial(t *testing.T) {
	sys := t.TempDir()
	for name, serial := range map[string]string{"vda": "overlay\n", "vdb": "base", "vdc": "", "sda": "other"} {
		write(t, serial, sys, "block", name, "serial")
	}

	devices := findDevices(sys)

	if !maps.Equal(devices, map[string]string{"overlay": "/dev/vda", "base": "/dev/vdb"}) {
		t.Fatal(devices)
	}
}

func TestDevicesAreFoundByTheirPlace(t *testing.T) {
	sys := t.TempDir()
	virtio := filepath.Join(sys, "bus", "virtio", "devices")
	// The letters follow the probing; virtio10 comes after virtio9.
	for number, name := range map[int]string{2: "vdc", 9: "vda", 10: "vdb"} {
		dir := "virtio" + strconv.Itoa(number)
		write(t, "0x0002\n", virtio, dir, "device")
		write(t, "", virtio, dir, "block", name, "size")
	}
	write(t, "0x0001\n", virtio, "virtio1", "device")
	write(t, "0x0013\n", virtio, "virtio5", "device")

	devices := findDevices(sys)

	want := map[string]string{"order:0": "/dev/vdc", "order:1": "/dev/vda", "order:2": "/dev/vdb"}
	if !maps.Equal(devices, want) {
		t.Fatal(devices)
	}
}

func TestADriveWithoutDriverKeepsItsPlace(t *testing.T) {
	sys := t.TempDir()
	virtio := filepath.Join(sys, "bus", "virtio", "devices")
	write(t, "0x0002\n", virtio, "virtio0", "device")
	write(t, "0x0002\n", virtio, "virtio1", "device")
	write(t, "", virtio, "virtio1", "block", "vda", "size")

	devices := findDevices(sys)

	if !maps.Equal(devices, map[string]string{"order:1": "/dev/vda"}) {
		t.Fatal(devices)
	}
	if left := missing([]string{"order:0", "order:1"}, devices); !slices.Equal(left, []string{"order:0"}) {
		t.Fatal(left)
	}
}

func TestWhatIsMissingIsWhatHasNoDevice(t *testing.T) {
	devices := map[string]string{"base": "/dev/vda", "order:1": "/dev/vdb"}

	left := missing([]string{"base", "order:1", "work"}, devices)

	if !slices.Equal(left, []string{"work"}) {
		t.Fatal(left)
	}
}
