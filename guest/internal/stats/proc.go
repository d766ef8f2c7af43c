// Package stats reads how busy and how full the machine is.
package stats

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"
)

// tickNs is the unit of /proc/stat; USER_HZ is 100 on every architecture we run on.
const tickNs = 10_000_000

const maxFileBytes = 1 << 20

func read(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	content, _ := io.ReadAll(io.LimitReader(file, maxFileBytes))
	return string(content)
}

// parseCPU returns busy and total time of all CPUs. Guest time is part of user time already.
func parseCPU(stat string) (busyNs, totalNs uint64) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 5 || fields[0] != "cpu" {
		return 0, 0
	}
	var total, idle uint64
	for i, field := range fields[1:min(len(fields), 9)] {
		ticks := number(field)
		total += ticks
		// "idle" and "iowait"
		if i == 3 || i == 4 {
			idle += ticks
		}
	}
	return (total - idle) * tickNs, total * tickNs
}

// parseMemory reads /proc/meminfo; the cache is what free(1) calls "buff/cache".
func parseMemory(meminfo string) Memory {
	var m Memory
	for line := range strings.Lines(meminfo) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		size := number(fields[1]) << 10
		switch fields[0] {
		case "MemTotal:":
			m.TotalBytes = size
		case "MemAvailable:":
			m.AvailableBytes = size
		case "MemFree:":
			m.FreeBytes = size
		case "Buffers:", "Cached:", "SReclaimable:":
			m.CacheBytes += size
		}
	}
	return m
}

// parseNetwork counts one interface.
func parseNetwork(dev, name string) (received, sent uint64) {
	for line := range strings.Lines(dev) {
		before, counters, ok := strings.Cut(line, ":")
		fields := strings.Fields(counters)
		if ok && strings.TrimSpace(before) == name && len(fields) >= 9 {
			return number(fields[0]), number(fields[8])
		}
	}
	return 0, 0
}

// parseLoad returns the load of the last minute.
func parseLoad(loadavg string) float64 {
	first, _, _ := strings.Cut(loadavg, " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}

func countProcesses(dir string) uint32 {
	names, err := os.Open(dir)
	if err != nil {
		return 0
	}
	defer names.Close()
	entries, _ := names.Readdirnames(-1)
	count := uint32(0)
	for _, name := range entries {
		if name[0] >= '0' && name[0] <= '9' {
			count++
		}
	}
	return count
}

func number(text string) uint64 {
	value, _ := strconv.ParseUint(text, 10, 64)
	return value
}

// Text returns a one-line file of /proc.
func Text(path string) string {
	return string(bytes.TrimSpace([]byte(read(path))))
}
