package boot

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ext4ResizeFS is EXT4_IOC_RESIZE_FS, _IOW('f', 16, __u64): the new size in blocks.
const ext4ResizeFS = 1<<30 | 8<<16 | 'f'<<8 | 16

// grow makes the file system mounted at dir as large as its device. The kernel does it online, and does nothing when it
// is that large already.
func grow(device, dir string) error {
	size, err := deviceBytes(device)
	if err != nil {
		return err
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return os.NewSyscallError("statfs", err)
	}
	blocks := uint64(size) / uint64(fs.Bsize)
	root, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, root.Fd(), ext4ResizeFS, uintptr(unsafe.Pointer(&blocks)))
	if errno != 0 {
		return fmt.Errorf("resize to %d blocks: %w", blocks, errno)
	}
	return nil
}

func deviceBytes(device string) (int64, error) {
	file, err := os.Open(device)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return file.Seek(0, 2)
}
