package channel

import (
	"io"
	"os"
	"syscall"
	"time"
)

// Port is a virtio console port as a Wire.
//
// While no host is connected the kernel answers every read with 0 and reports the port as readable, so neither read nor
// poll can wait for a host. But each change of the connection, and each buffer that comes in, wakes the poll queue; Go's
// runtime polls edge-triggered. So after an unsuccessful read, waiting for the next edge is waiting for the next change.
// The file must be in non-blocking mode: a blocking write to such a port cannot be aborted.
type Port struct {
	file *os.File
	raw  syscall.RawConn
}

// OpenPort opens a port's device. The kernel lets a port be opened once at a time.
func OpenPort(path string) (*Port, error) {
	file, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return newPort(file)
}

func newPort(file *os.File) (*Port, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &Port{file: file, raw: raw}, nil
}

func (p *Port) Read(b []byte) (int, error) {
	return p.read(b, false)
}

func (p *Port) ReadWhenOpen(b []byte) (int, error) {
	return p.read(b, true)
}

func (p *Port) read(b []byte, waitForHost bool) (n int, err error) {
	if len(b) == 0 {
		return 0, nil
	}
	waitErr := p.raw.Read(func(fd uintptr) bool {
		for {
			n, err = syscall.Read(int(fd), b)
			if err != syscall.EINTR {
				break
			}
		}
		if err == syscall.EAGAIN {
			return false
		}
		return n != 0 || err != nil || !waitForHost
	})
	switch {
	case waitErr != nil:
		return 0, waitErr
	case err != nil:
		return 0, os.NewSyscallError("read", err)
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

func (p *Port) Write(b []byte) (int, error) {
	return p.file.Write(b)
}

func (p *Port) SetReadDeadline(t time.Time) error  { return p.file.SetReadDeadline(t) }
func (p *Port) SetWriteDeadline(t time.Time) error { return p.file.SetWriteDeadline(t) }
func (p *Port) Close() error                       { return p.file.Close() }
