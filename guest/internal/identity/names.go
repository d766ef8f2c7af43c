package identity

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"banger.dev/guest/internal/dirs"
)

// WriteNames sets the host name and the files that know it, and the name servers.
func (i Identity) WriteNames() error {
	return i.writeNewNames(nil)
}

// WriteNamesTo sets the host name, and makes the files that know it and the name servers in a directory of their own.
func (i Identity) WriteNamesTo(dir string) error {
	if err := unix.Sethostname([]byte(i.Hostname)); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	for name, content := range map[string][]byte{
		"hostname":    []byte(i.Hostname + "\n"),
		"hosts":       hostsFile(i.Hostname, i.Hosts),
		"resolv.conf": resolvFile(i.DNSServers),
	} {
		if err := Replace(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (i Identity) hasNamesOf(other Identity) bool {
	return i.Hostname == other.Hostname && slices.Equal(i.Hosts, other.Hosts) && slices.Equal(i.DNSServers, other.DNSServers)
}

func (i Identity) writeNewNames(before *Identity) error {
	if err := unix.Sethostname([]byte(i.Hostname)); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	if err := dirs.Make("/etc", 0o755); err != nil {
		return err
	}
	if err := Replace("/etc/hostname", []byte(i.Hostname+"\n"), 0o644); err != nil {
		return err
	}
	if err := Replace("/etc/hosts", hostsFile(i.Hostname, i.Hosts), 0o644); err != nil {
		return err
	}
	if len(i.DNSServers) == 0 || before != nil && slices.Equal(i.DNSServers, before.DNSServers) {
		return nil
	}
	return Replace("/etc/resolv.conf", resolvFile(i.DNSServers), 0o644)
}

func hostsFile(hostname string, extra []string) []byte {
	lines := []string{
		"127.0.0.1\tlocalhost",
		"127.0.1.1\t" + hostname,
		"::1\tlocalhost ip6-localhost ip6-loopback",
		"ff02::1\tip6-allnodes",
		"ff02::2\tip6-allrouters",
	}
	return []byte(strings.Join(append(lines, extra...), "\n") + "\n")
}

func resolvFile(servers []string) []byte {
	var text []byte
	for _, server := range servers {
		text = fmt.Appendf(text, "nameserver %s\n", server)
	}
	return text
}

func checkHostname(name string) error {
	if name == "" || len(name) > maxHostname || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != "" {
		return fmt.Errorf("the host name %.80q is not one", name)
	}
	return nil
}

func checkLines(lines []string) error {
	if len(lines) > maxLines {
		return errTooManyLines
	}
	for _, line := range lines {
		if len(line) > maxLine || strings.ContainsAny(line, "\r\n\x00") {
			return fmt.Errorf("%.80q is not one line", line)
		}
	}
	return nil
}
