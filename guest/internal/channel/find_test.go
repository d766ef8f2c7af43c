package channel

import (
	"os"
	"path/filepath"
	"testing"
)

func put(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	os.MkdirAll(filepath.Dir(file), 0o755)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestThePortIsFoundByName(t *testing.T) {
	sys := t.TempDir()
	put(t, "agent.1\n", sys, "class", "virtio-ports", "vport1p1", "name")
	put(t, "agent.0\n", sys, "class", "virtio-ports", "vport1p2", "name")

	if found := lookForPort(sys, "agent.0"); found != "/dev/vport1p2" {
		t.Fatal(found)
	}
	if found := lookForPort(sys, "agent"); found != "" {
		t.Fatal(found)
	}
}

func TestVsockIsThereWhenItsDeviceHasADriver(t *testing.T) {
	sys := t.TempDir()
	devices := filepath.Join(sys, "bus", "virtio", "devices")
	put(t, "0x0003\n", devices, "virtio0", "device")
	put(t, "", devices, "virtio0", "driver", "name")
	put(t, "0x0013\n", devices, "virtio1", "device")
	if hasVsock(sys) {
		t.Fatal("there is no driver yet")
	}

	put(t, "", devices, "virtio1", "driver", "name")

	if !hasVsock(sys) {
		t.Fatal("the driver is there")
	}
}
