package stats

import "testing"

func TestParse(t *testing.T) {
	busy, total := parseCPU("cpu  10 1 20 300 40 5 6 7 99 99\ncpu0 1 1 1 1\n")
	mem := parseMemory("MemTotal:  2048 kB\nMemFree: 1 kB\nMemAvailable:  1024 kB\nBuffers: 2 kB\nCached: 3 kB\nSwapCached: 9 kB\nSReclaimable: 4 kB\n")
	received, sent := parseNetwork("  lo: 1 0 0 0 0 0 0 0 2 0\n  eth0:77 0 0 0 0 0 0 0 88 0 0 0 0 0 0 0\n", "eth0")

	if busy != 49*tickNs || total != 389*tickNs {
		t.Error(busy, total)
	}
	if (mem != Memory{TotalBytes: 2 << 20, AvailableBytes: 1 << 20, FreeBytes: 1 << 10, CacheBytes: 9 << 10}) {
		t.Error(mem)
	}
	if received != 77 || sent != 88 {
		t.Error(received, sent)
	}
	if load := parseLoad("0.25 0.5 1.0 1/80 4242"); load != 0.25 {
		t.Error(load)
	}
}

func TestParseSurvivesRubbish(t *testing.T) {
	for _, text := range []string{"", "\n", "cpu", "cpu x y z w", "eth0:", "MemTotal:"} {
		parseCPU(text)
		parseMemory(text)
		parseNetwork(text, "eth0")
		parseLoad(text)
	}
}
