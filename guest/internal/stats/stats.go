package stats

import "golang.org/x/sys/unix"

// Stats is one reading.
type Stats struct {
	CPUBusyNs, CPUTotalNs                  uint64
	Memory                                 Memory
	NetworkReceivedBytes, NetworkSentBytes uint64
	FileSystems                            []FileSystem
	ProcessCount                           uint32
	Load1m                                 float64
}

// Memory is what the kernel says of it; the parts overlap.
type Memory struct {
	TotalBytes, AvailableBytes, FreeBytes, CacheBytes uint64
}

// FileSystem is how full a mount is.
type FileSystem struct {
	MountPoint           string
	SizeBytes, UsedBytes uint64
}

// Read reads it all; what cannot be read is zero.
func Read() Stats {
	var s Stats
	s.CPUBusyNs, s.CPUTotalNs = parseCPU(read("/proc/stat"))
	s.Memory = parseMemory(read("/proc/meminfo"))
	s.NetworkReceivedBytes, s.NetworkSentBytes = parseNetwork(read("/proc/net/dev"), "eth0")
	s.Load1m = parseLoad(read("/proc/loadavg"))
	s.ProcessCount = countProcesses("/proc")
	s.FileSystems = fileSystems("/", "/root")
	return s
}

// fileSystems leaves out a mount point that lies on the same file system as the one before: it is none.
func fileSystems(mountPoints ...string) []FileSystem {
	var found []FileSystem
	var seen []unix.Fsid
	for _, mountPoint := range mountPoints {
		var fs unix.Statfs_t
		if unix.Statfs(mountPoint, &fs) != nil || len(seen) > 0 && seen[len(seen)-1] == fs.Fsid {
			continue
		}
		seen = append(seen, fs.Fsid)
		block := uint64(fs.Bsize)
		found = append(found, FileSystem{mountPoint, fs.Blocks * block, (fs.Blocks - fs.Bfree) * block})
	}
	return found
}
