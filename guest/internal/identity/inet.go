package identity

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// inet configures interfaces by the ioctls of netdevice(7), which know one IPv4 address an interface.
type inet struct {
	fd int
}

func openInet() (inet, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	return inet{fd}, err
}

func (k inet) Close() {
	unix.Close(k.fd)
}

const (
	// sizeof(struct ifreq) on 64-bit machines, of which the name is the first part
	ifreqSize = 40
	// ARPHRD_ETHER of linux/if_arp.h
	ethernet = 1
	// RTF_UP | RTF_GATEWAY of linux/route.h
	gatewayRoute = 0x3
)

type ifreq [ifreqSize]byte

func newIfreq(name string) *ifreq {
	var request ifreq
	copy(request[:unix.IFNAMSIZ-1], name)
	return &request
}

// value is the union after the name.
func (r *ifreq) value() []byte {
	return r[unix.IFNAMSIZ:]
}

func (k inet) do(request uint, argument unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(k.fd), uintptr(request), uintptr(argument)); errno != 0 {
		return errno
	}
	return nil
}

func (k inet) rename(from, to string) error {
	request := newIfreq(from)
	copy(request.value()[:unix.IFNAMSIZ-1], to)
	return k.do(unix.SIOCSIFNAME, unsafe.Pointer(request))
}

func (k inet) setMAC(name string, mac net.HardwareAddr) error {
	request := newIfreq(name)
	binary.NativeEndian.PutUint16(request.value(), ethernet)
	copy(request.value()[2:], mac)
	return k.do(unix.SIOCSIFHWADDR, unsafe.Pointer(request))
}

// setAddress first gives the interface no address, which takes every other one away.
func (k inet) setAddress(name string, address netip.Prefix) error {
	if err := k.setInet4(unix.SIOCSIFADDR, name, netip.IPv4Unspecified()); err != nil {
		return err
	}
	if err := k.setInet4(unix.SIOCSIFADDR, name, address.Addr()); err != nil {
		return err
	}
	mask := netip.AddrFrom4([4]byte(net.CIDRMask(address.Bits(), 32)))
	return k.setInet4(unix.SIOCSIFNETMASK, name, mask)
}

func (k inet) setInet4(request uint, name string, address netip.Addr) error {
	ifreq := newIfreq(name)
	putInet4(ifreq.value(), address)
	return k.do(request, unsafe.Pointer(ifreq))
}

func (k inet) bringUp(name string) error {
	request := newIfreq(name)
	if err := k.do(unix.SIOCGIFFLAGS, unsafe.Pointer(request)); err != nil {
		return err
	}
	flags := binary.NativeEndian.Uint16(request.value())
	if flags&unix.IFF_UP != 0 {
		return nil
	}
	binary.NativeEndian.PutUint16(request.value(), flags|unix.IFF_UP)
	return k.do(unix.SIOCSIFFLAGS, unsafe.Pointer(request))
}

// addDefaultRoute expects that there is none; one of the same gateway is fine.
func (k inet) addDefaultRoute(gateway netip.Addr) error {
	// struct rtentry: padding, destination, gateway, mask, flags, and what may be zero.
	var route [120]byte
	putInet4(route[8:], netip.IPv4Unspecified())
	putInet4(route[24:], gateway)
	putInet4(route[40:], netip.IPv4Unspecified())
	binary.NativeEndian.PutUint16(route[56:], gatewayRoute)
	if err := k.do(unix.SIOCADDRT, unsafe.Pointer(&route)); err != unix.EEXIST {
		return err
	}
	return nil
}

// addresses of an interface, with prefix lengths, at most so many.
func (k inet) addresses(name string, most int) ([]string, error) {
	const maxRequests = 64
	var requests [maxRequests * ifreqSize]byte
	conf := struct {
		length int32
		_      int32
		buffer unsafe.Pointer
	}{length: int32(len(requests)), buffer: unsafe.Pointer(&requests)}
	if err := k.do(unix.SIOCGIFCONF, unsafe.Pointer(&conf)); err != nil {
		return nil, err
	}
	var found []string
	for at := 0; at < int(conf.length) && len(found) < most; at += ifreqSize {
		request := ifreq(requests[at : at+ifreqSize])
		// An address of its own label ("eth0:1") is the interface's, too.
		label := unix.ByteSliceToString(request[:unix.IFNAMSIZ])
		if label != name && !isAlias(label, name) {
			continue
		}
		address := inet4Of(request.value())
		mask := newIfreq(label)
		putInet4(mask.value(), address)
		if err := k.do(unix.SIOCGIFNETMASK, unsafe.Pointer(mask)); err != nil {
			return nil, err
		}
		bits := inet4Of(mask.value()).As4()
		ones, _ := net.IPMask(bits[:]).Size()
		found = append(found, fmt.Sprintf("%s/%d", address, ones))
	}
	return found, nil
}

func (k inet) mac(name string) (net.HardwareAddr, error) {
	request := newIfreq(name)
	if err := k.do(unix.SIOCGIFHWADDR, unsafe.Pointer(request)); err != nil {
		return nil, err
	}
	return net.HardwareAddr(request.value()[2:8]), nil
}

func isAlias(label, name string) bool {
	return len(label) > len(name) && label[:len(name)] == name && label[len(name)] == ':'
}

// putInet4 writes a struct sockaddr_in.
func putInet4(to []byte, address netip.Addr) {
	binary.NativeEndian.PutUint16(to, unix.AF_INET)
	bytes := address.As4()
	copy(to[4:8], bytes[:])
}

func inet4Of(from []byte) netip.Addr {
	return netip.AddrFrom4([4]byte(from[4:8]))
}
