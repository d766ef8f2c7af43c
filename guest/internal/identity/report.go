package identity

import (
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const maxAddresses = 16

// Report is what a machine says of itself, read back from the kernel and the files.
type Report struct {
	Hostname     string
	MachineID    string
	MAC          string
	Addresses    []string
	SSHHostKeys  []string
	RandomSample []byte
	// Of the file systems
	OverlayBytes, WorkBytes uint64
}

// Look reads everything that makes a machine itself. What cannot be read is empty, for the host to notice.
func Look(machine Machine) Report {
	report := Report{SSHHostKeys: readPublicKeys(sshDir), RandomSample: make([]byte, sampleBytes)}
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		report.Hostname = unix.ByteSliceToString(name.Nodename[:])
	}
	if id, err := readStart("/etc/machine-id", 64); err == nil {
		report.MachineID = strings.TrimSpace(id)
	}
	if fillRandom(report.RandomSample) != nil {
		report.RandomSample = nil
	}
	report.lookAtNetwork()
	report.OverlayBytes = sizeOf(machine.Overlay)
	report.WorkBytes = sizeOf(machine.Work)
	return report
}

func (r *Report) lookAtNetwork() {
	kernel, err := openInet()
	if err != nil {
		return
	}
	defer kernel.Close()
	if mac, err := kernel.mac(interfaceName); err == nil {
		r.MAC = mac.String()
	}
	r.Addresses, _ = kernel.addresses(interfaceName, maxAddresses)
}

func sizeOf(disk *Disk) uint64 {
	if disk == nil {
		return 0
	}
	bytes, err := disk.Bytes()
	if err != nil {
		return 0
	}
	return bytes
}

// readStart reads no more of a file than anybody needs: it may be anything by now.
func readStart(path string, most int64) (string, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, most))
	return string(content), err
}
