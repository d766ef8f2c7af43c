package boot

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	maxHostname = 64
	maxLine     = 1 << 10
	machineID   = "/etc/machine-id"
)

// writeFiles tells the image who it is.
func (r *run) writeFiles(context.Context) error {
	if err := os.MkdirAll("/etc", 0o755); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(r.plan.Hostname)); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	files := map[string]string{
		"/etc/hostname": r.plan.Hostname + "\n",
		"/etc/hosts":    hostsFile(r.plan.Hostname, r.plan.Hosts),
	}
	if len(r.plan.DNSServers) > 0 {
		files["/etc/resolv.conf"] = resolvFile(r.plan.DNSServers)
	}
	for path, content := range files {
		if err := replace(path, content); err != nil {
			return err
		}
	}
	if err := r.hookShutdown(); err != nil {
		return err
	}
	return r.fillMachineID()
}

func hostsFile(hostname string, extra []string) string {
	lines := []string{
		"127.0.0.1\tlocalhost",
		"127.0.1.1\t" + hostname,
		"::1\tlocalhost ip6-localhost ip6-loopback",
		"ff02::1\tip6-allnodes",
		"ff02::2\tip6-allrouters",
	}
	return strings.Join(append(lines, extra...), "\n") + "\n"
}

func resolvFile(servers []string) string {
	var text strings.Builder
	for _, server := range servers {
		fmt.Fprintf(&text, "nameserver %s\n", server)
	}
	return text.String()
}

// replace writes a plain file, also where the image has a link: to the stub of a resolver that does not run, for one.
func replace(path, content string) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		return err
	}
	return os.Chmod(path, 0o644)
}

// fillMachineID gives an image that was made without an identity one. An image without the file gets it only if it has
// an init that would ask for it.
func (r *run) fillMachineID() error {
	content, err := os.ReadFile(machineID)
	if errors.Is(err, os.ErrNotExist) {
		if !r.plan.HandOver {
			return nil
		}
	} else if err != nil {
		return err
	}
	if known := string(bytes.TrimSpace(content)); known != "" && known != "uninitialized" {
		return nil
	}
	id := make([]byte, 16)
	rand.Read(id)
	return replace(machineID, hex.EncodeToString(id)+"\n")
}

func checkHostname(name string) error {
	if name == "" || len(name) > maxHostname || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != "" {
		return fmt.Errorf("the host name %.80q is not one", name)
	}
	return nil
}

func checkLines(lines []string) error {
	for _, line := range lines {
		if len(line) > maxLine || strings.ContainsAny(line, "\r\n\x00") {
			return fmt.Errorf("%.80q is not one line", line)
		}
	}
	return nil
}
