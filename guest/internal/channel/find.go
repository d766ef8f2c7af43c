package channel

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"banger.dev/guest/internal/uevent"
)

const portsDir = "/sys/class/virtio-ports"

// FindPort waits for the port of that name and returns its device. The number in a port's file name moves with the
// count of devices; the name is the host's.
func FindPort(ctx context.Context, name string) (string, error) {
	var device string
	err := uevent.Await(ctx, func() (bool, error) {
		device = lookForPort(portsDir, name)
		return device != "", nil
	})
	if err != nil {
		return "", fmt.Errorf("wait for port %q: %w", name, err)
	}
	return device, nil
}

func lookForPort(dir, name string) string {
	files, _ := filepath.Glob(filepath.Join(dir, "*", "name"))
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err == nil && strings.TrimSpace(string(content)) == name {
			return filepath.Join("/dev", filepath.Base(filepath.Dir(file)))
		}
	}
	return ""
}
