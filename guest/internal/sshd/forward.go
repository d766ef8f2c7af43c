package sshd

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	connectTime  = 30 * time.Second
	maxHost      = 255
	firstFreeFor = 1024 // Ports below are root's.
)

// target is where a client wants a connection of the guest's to go.
type target struct{ network, address string }

// tcpTarget reads a direct-tcpip request (RFC 4254, section 7.2).
func tcpTarget(payload []byte) (target, error) {
	var request struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if err := ssh.Unmarshal(payload, &request); err != nil {
		return target{}, err
	}
	if request.Port == 0 || request.Port > 65535 || len(request.Host) > maxHost {
		return target{}, errors.New("there is no such address")
	}
	return target{"tcp", net.JoinHostPort(request.Host, strconv.Itoa(int(request.Port)))}, nil
}

// unixTarget reads OpenSSH's request for a unix socket. The agent connects as root, so nobody else may ask for one.
func (c *connection) unixTarget(payload []byte) (target, error) {
	var request struct {
		Path     string
		Reserved string
		Unused   uint32
	}
	if err := ssh.Unmarshal(payload, &request); err != nil {
		return target{}, err
	}
	if c.account.UID != 0 {
		return target{}, errors.New("only root may connect to unix sockets")
	}
	return target{"unix", request.Path}, nil
}

// connectOut joins a channel to a connection that the guest makes.
func (c *connection) connectOut(offered ssh.NewChannel, read func([]byte) (target, error)) {
	to, err := read(offered.ExtraData())
	if err != nil {
		offered.Reject(ssh.Prohibited, err.Error())
		return
	}
	dialer := net.Dialer{Timeout: connectTime}
	conn, err := dialer.DialContext(c.ctx, to.network, to.address)
	if err != nil {
		offered.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	channel, requests, err := offered.Accept()
	if err != nil {
		conn.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	join(channel, conn)
}

// listenIn obeys a tcpip-forward request (RFC 4254, section 7.1): a port of the guest's loopback, whatever address was
// asked for, as sshd does it without GatewayPorts.
func (c *connection) listenIn(payload []byte) (ok bool, answer []byte) {
	host, port, err := listenRequest(payload)
	if err != nil || port != 0 && port < firstFreeFor && c.account.UID != 0 {
		return false, nil
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
	if err != nil {
		return false, nil
	}
	chosen := uint32(listener.Addr().(*net.TCPAddr).Port)
	if !c.keepListener(listenerName(host, chosen), listener) {
		listener.Close()
		return false, nil
	}
	go c.bringIn(listener, func(from net.Conn) (string, []byte) {
		origin, _ := from.RemoteAddr().(*net.TCPAddr)
		return "forwarded-tcpip", ssh.Marshal(struct {
			Host       string
			Port       uint32
			OriginHost string
			OriginPort uint32
		}{host, chosen, origin.IP.String(), uint32(origin.Port)})
	})
	if port == 0 {
		answer = ssh.Marshal(struct{ Port uint32 }{chosen})
	}
	return true, answer
}

func (c *connection) stopListening(payload []byte) bool {
	host, port, err := listenRequest(payload)
	return err == nil && c.dropListener(listenerName(host, port))
}

func listenRequest(payload []byte) (host string, port uint32, err error) {
	var request struct {
		Host string
		Port uint32
	}
	err = ssh.Unmarshal(payload, &request)
	if err == nil && (request.Port > 65535 || len(request.Host) > maxHost) {
		err = errors.New("there is no such address")
	}
	return request.Host, request.Port, err
}

func listenerName(host string, port uint32) string {
	return fmt.Sprintf("tcp %s %d", host, port)
}

// bringIn offers every connection that is made to the listener to the client.
func (c *connection) bringIn(listener net.Listener, describe func(net.Conn) (kind string, payload []byte)) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		if c.channels.Add(1) > maxChannels {
			c.channels.Add(-1)
			conn.Close()
			continue
		}
		go func() {
			defer c.channels.Add(-1)
			kind, payload := describe(conn)
			channel, requests, err := c.client.OpenChannel(kind, payload)
			if err != nil {
				conn.Close()
				return
			}
			go ssh.DiscardRequests(requests)
			join(channel, conn)
		}()
	}
}

// join copies both ways, each up to its end, and closes both when both have ended or the channel is gone.
func join(channel ssh.Channel, conn net.Conn) {
	defer channel.Close()
	defer conn.Close()
	var copies sync.WaitGroup
	copies.Go(func() {
		io.Copy(conn, channel)
		closeWrite(conn)
	})
	copies.Go(func() {
		io.Copy(channel, conn)
		channel.CloseWrite()
	})
	copies.Wait()
}

func closeWrite(conn net.Conn) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
}
