// tap-guest TAP plays a guest behind a tap without a machine: it opens the tap as a monitor does, goes into a network
// namespace of its own, and passes frames between the tap and an eth0 there, unchanged. It prints "ready" and ends with
// its standard input. What the guest is (MAC, address, routes) is said by whoever enters its namespace.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

const (
	tunSetIff = 0x400454ca
	iffTap    = 0x0002
	iffNoPi   = 0x1000
)

func main() {
	runtime.LockOSThread() // The namespace is the thread's, and this is the process's first.
	host := open(os.Args[1])
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		fail("unshare", err)
	}
	guest := open("eth0")
	go pass(host, guest)
	go pass(guest, host)
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func open(name string) int {
	fd, err := syscall.Open("/dev/net/tun", syscall.O_RDWR, 0)
	if err != nil {
		fail("/dev/net/tun", err)
	}
	var request struct {
		name  [16]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:15], name)
	request.flags = iffTap | iffNoPi
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), tunSetIff, uintptr(unsafe.Pointer(&request))); errno != 0 {
		fail(name, errno)
	}
	return fd
}

func pass(from, to int) {
	frame := make([]byte, 65536)
	for {
		n, err := syscall.Read(from, frame)
		if err != nil && err != syscall.EINTR {
			continue // The link is down for now.
		}
		_, _ = syscall.Write(to, frame[:max(n, 0)])
	}
}

func fail(what string, err error) {
	fmt.Fprintln(os.Stderr, what+":", err)
	os.Exit(1)
}
