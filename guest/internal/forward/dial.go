// Package forward connects the host to what listens in the guest.
package forward

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// dialTime bounds a connection to the guest itself, which is made at once or not at all.
const dialTime = 10 * time.Second

// Errors of Dial, besides those of the connection.
var (
	ErrBadTarget = errors.New("not a target")
	ErrRefused   = errors.New("nobody listens there")
)

// Conn is a stream whose two directions end separately.
type Conn interface {
	net.Conn
	CloseWrite() error
}

// Target is a TCP port of the guest, or a unix socket.
type Target struct {
	// Port counts when Path is empty.
	Port uint32
	// Address is an IP address; empty means the loopback of either family.
	Address string
	// Path of a stream socket, absolute.
	Path string
}

// Dial connects. Its error is ErrBadTarget, ErrRefused, or says what else was wrong.
func Dial(ctx context.Context, target Target) (Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	if target.Path != "" {
		return dialUnix(ctx, target.Path)
	}
	addresses, err := addressesOf(target)
	if err != nil {
		return nil, err
	}
	for _, address := range addresses {
		var conn Conn
		if conn, err = connect(ctx, "tcp", address); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func dialUnix(ctx context.Context, path string) (Conn, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("%w: %q is not an absolute path", ErrBadTarget, path)
	}
	return connect(ctx, "unix", path)
}

func addressesOf(target Target) ([]string, error) {
	if target.Port < 1 || target.Port > 65535 {
		return nil, fmt.Errorf("%w: no port has the number %d", ErrBadTarget, target.Port)
	}
	hosts := []string{"127.0.0.1", "::1"}
	if target.Address != "" {
		if _, err := netip.ParseAddr(target.Address); err != nil {
			return nil, fmt.Errorf("%w: %q is not an IP address", ErrBadTarget, target.Address)
		}
		hosts = []string{target.Address}
	}
	port := strconv.Itoa(int(target.Port))
	addresses := make([]string, 0, len(hosts))
	for _, host := range hosts {
		addresses = append(addresses, net.JoinHostPort(host, port))
	}
	return addresses, nil
}

func connect(ctx context.Context, network, address string) (Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	case err != nil:
		return nil, err
	}
	halves, ok := conn.(Conn)
	if !ok {
		conn.Close()
		return nil, fmt.Errorf("%w: %s cannot be half closed", ErrBadTarget, address)
	}
	return halves, nil
}
