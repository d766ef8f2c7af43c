package identity

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Disk is a writable ext4 disk that is mounted.
type Disk struct {
	// For messages: "the work disk"
	Name   string
	Device string
	// A directory on it: where it is mounted, or in reach of a descriptor
	Dir string
}

// ext4ResizeFS is EXT4_IOC_RESIZE_FS, _IOW('f', 16, __u64): the new size in blocks.
const ext4ResizeFS = 1<<30 | 8<<16 | 'f'<<8 | 16

// Grow makes the file system so large (0: as large as the device, which is the most in any case). The kernel does it
// while it is mounted. A file system that is that large already is left alone: asking would flush its journal.
func (d Disk) Grow(bytes uint64) error {
	device, err := os.Open(d.Device)
	if err != nil {
		return err
	}
	defer device.Close()
	size, err := device.Seek(0, 2)
	if err != nil {
		return err
	}
	if bytes == 0 || bytes > uint64(size) {
		bytes = uint64(size)
	}
	now, err := readExtent(device)
	if err != nil {
		return err
	}
	blocks := bytes / now.blockBytes
	if blocks <= now.blocks {
		return nil
	}
	return d.resize(blocks)
}

func (d Disk) resize(blocks uint64) error {
	root, err := os.Open(d.Dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := d.checkHolds(root); err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, root.Fd(), ext4ResizeFS, uintptr(unsafe.Pointer(&blocks)))
	if errno != 0 {
		return fmt.Errorf("resize to %d blocks: %w", blocks, errno)
	}
	return nil
}

// checkHolds makes sure that it is this disk that is mounted there: in a running machine, anybody may have changed it.
func (d Disk) checkHolds(root *os.File) error {
	var directory, device unix.Stat_t
	if err := unix.Fstat(int(root.Fd()), &directory); err != nil {
		return os.NewSyscallError("fstat", err)
	}
	if err := unix.Stat(d.Device, &device); err != nil {
		return os.NewSyscallError("stat", err)
	}
	if directory.Dev != device.Rdev {
		return fmt.Errorf("%s is not mounted at %s any more", d.Device, d.Dir)
	}
	return nil
}

// Bytes is the size of the file system, whatever that of its device.
func (d Disk) Bytes() (uint64, error) {
	device, err := os.Open(d.Device)
	if err != nil {
		return 0, err
	}
	defer device.Close()
	now, err := readExtent(device)
	return now.blocks * now.blockBytes, err
}

func (d Disk) deviceBytes() (uint64, error) {
	device, err := os.Open(d.Device)
	if err != nil {
		return 0, err
	}
	defer device.Close()
	size, err := device.Seek(0, 2)
	return uint64(size), err
}

// extent is how much of a device is a file system's.
type extent struct {
	blocks, blockBytes uint64
}

const (
	superblockOffset = 1024
	superblockLength = 1024
	superblockMagic  = 0xef53
	feature64Bit     = 0x80
)

var errNotExt4 = errors.New("it is not ext4")

// readExtent reads ext4's superblock, which the kernel keeps up to date in the device's cache.
func readExtent(device *os.File) (extent, error) {
	var block [superblockLength]byte
	if _, err := device.ReadAt(block[:], superblockOffset); err != nil {
		return extent{}, err
	}
	return parseSuperblock(block)
}

func parseSuperblock(block [superblockLength]byte) (extent, error) {
	little := binary.LittleEndian
	logBlock := little.Uint32(block[0x18:])
	if little.Uint16(block[0x38:]) != superblockMagic || logBlock > 6 {
		return extent{}, errNotExt4
	}
	blocks := uint64(little.Uint32(block[0x4:]))
	if little.Uint32(block[0x60:])&feature64Bit != 0 {
		blocks |= uint64(little.Uint32(block[0x150:])) << 32
	}
	return extent{blocks, 1024 << logBlock}, nil
}
