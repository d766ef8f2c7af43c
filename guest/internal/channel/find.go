package channel

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mdlayher/vsock"
	"golang.org/x/sys/unix"

	"banger.dev/guest/internal/uevent"
)

const sysDir = "/sys"

// virtioVsock is the id of vsock devices (virtio 1.2, section 5).
const virtioVsock = "0x0013"

// greetingPatience is ample: a host greets at once, and again and again.
const greetingPatience = 10 * time.Second

// Ways are those by which a host may reach a guest. A monitor offers one of them.
type Ways struct {
	// Name of a virtio port
	PortName string
	// Number of a vsock port; of guests that have a vsock device and no such virtio port
	VsockPort uint32
}

// Serve waits until one of the ways is there, by the kernel's announcements of devices, and serves hosts on it. It returns
// when that fails.
func (w Ways) Serve(ctx context.Context, agent Agent) error {
	device, err := w.await(ctx)
	if err != nil {
		return err
	}
	if device == "" {
		listener, err := vsock.ListenContextID(unix.VMADDR_CID_ANY, w.VsockPort, nil)
		if err != nil {
			return err
		}
		defer listener.Close()
		agent.Note("build %s serves on vsock port %d", agent.Build, w.VsockPort)
		return agent.ServeConnections(ctx, HostListener{listener, isHost, greetingPatience})
	}
	port, err := OpenPort(device)
	if err != nil {
		return err
	}
	defer port.Close()
	agent.Note("build %s serves on %s", agent.Build, device)
	return agent.Serve(ctx, port)
}

// await returns the device of the port, or nothing where there is vsock instead.
func (w Ways) await(ctx context.Context) (device string, err error) {
	err = uevent.Await(ctx, func() (bool, error) {
		device = lookForPort(sysDir, w.PortName)
		return device != "" || hasVsock(sysDir), nil
	})
	if err != nil {
		return "", fmt.Errorf("wait for port %q or a vsock device: %w", w.PortName, err)
	}
	return device, nil
}

// lookForPort returns the device of the port with that name. The number in a port's file name moves with the count of
// devices; the name is the host's.
func lookForPort(sys, name string) string {
	files, _ := filepath.Glob(filepath.Join(sys, "class", "virtio-ports", "*", "name"))
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err == nil && strings.TrimSpace(string(content)) == name {
			return filepath.Join("/dev", filepath.Base(filepath.Dir(file)))
		}
	}
	return ""
}

// hasVsock says whether a vsock device is there and its driver has taken it.
func hasVsock(sys string) bool {
	files, _ := filepath.Glob(filepath.Join(sys, "bus", "virtio", "devices", "*", "device"))
	for _, file := range files {
		id, err := os.ReadFile(file)
		if err != nil || strings.TrimSpace(string(id)) != virtioVsock {
			continue
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(file), "driver")); err == nil {
			return true
		}
	}
	return false
}

// isHost tells the host from processes of this guest, which reach the port by vsock's loopback.
func isHost(remote net.Addr) bool {
	address, ok := remote.(*vsock.Addr)
	return ok && address.ContextID == unix.VMADDR_CID_HOST
}
