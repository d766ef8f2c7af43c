package identity

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// From linux/random.h.
const (
	rndAddEntropy = 0x40085203 // _IOW('R', 0x03, int[2])
	rndReseedCRNG = 0x5207     // _IO('R', 0x07)
)

const (
	randomSeedFile  = "/var/lib/systemd/random-seed"
	randomSeedBytes = 512
	sampleBytes     = 16
)

// StirEntropy gives the seed to the kernel's generator and makes every processor's copy of it start anew: until then,
// two machines from one memory hand out the same numbers.
func (i Identity) StirEntropy() error {
	if len(i.Seed) == 0 {
		return nil
	}
	device, err := os.OpenFile("/dev/urandom", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer device.Close()
	pool := entropyPool(i.Seed)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, device.Fd(), rndAddEntropy, uintptr(unsafe.Pointer(&pool[0]))); errno != 0 {
		return fmt.Errorf("add entropy: %w", errno)
	}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, device.Fd(), rndReseedCRNG, 0)
	// A generator that was never seeded has nothing to begin anew; the seed has just begun it.
	if errno != 0 && errno != unix.ENODATA {
		return fmt.Errorf("reseed the generator: %w", errno)
	}
	return nil
}

// entropyPool is struct rand_pool_info: bits of entropy, bytes, and these, in whole words.
func entropyPool(seed []byte) []byte {
	pool := make([]byte, 8, 8+len(seed)+3)
	binary.NativeEndian.PutUint32(pool[0:], uint32(len(seed)*8))
	binary.NativeEndian.PutUint32(pool[4:], uint32(len(seed)))
	pool = append(pool, seed...)
	return append(pool, 0, 0, 0)
}

// replaceRandomSeed rewrites what systemd stirs in at the next start, where it has been left.
func replaceRandomSeed(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	if err != nil {
		return err
	}
	seed := make([]byte, randomSeedBytes)
	if err := fillRandom(seed); err != nil {
		return err
	}
	return Replace(path, seed, 0o600)
}

// fillRandom asks the kernel, never a generator of this process.
func fillRandom(b []byte) error {
	for filled := 0; filled < len(b); {
		n, err := unix.Getrandom(b[filled:], 0)
		if err != nil && err != unix.EINTR {
			return os.NewSyscallError("getrandom", err)
		}
		filled += max(0, n)
	}
	return nil
}
