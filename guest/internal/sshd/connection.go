package sshd

import (
	"context"
	"net"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"

	"banger.dev/guest/internal/process"
	"banger.dev/guest/internal/users"
)

const (
	maxChannels  = 128
	maxListeners = 32
)

// connection is one client that has logged in.
type connection struct {
	// Over when the client is gone
	ctx       context.Context
	client    *ssh.ServerConn
	account   users.User
	imageEnv  map[string]string
	processes *process.Registry
	note      func(format string, args ...any)
	channels  atomic.Int32

	mutex sync.Mutex
	over  bool
	// What listens in the guest for this client, by what it asked for
	listeners map[string]net.Listener
}

// serve returns when the client is gone and everything it had open is closed.
func (c *connection) serve(channels <-chan ssh.NewChannel, requests <-chan *ssh.Request) {
	defer c.closeListeners()
	go c.answer(requests)
	for offered := range channels {
		if c.channels.Add(1) > maxChannels {
			c.channels.Add(-1)
			offered.Reject(ssh.ResourceShortage, "too many channels")
			continue
		}
		go func() {
			defer c.channels.Add(-1)
			defer c.survive()
			c.open(offered)
		}()
	}
}

// survive keeps a panic in one channel from ending the agent; the client loses its connection.
func (c *connection) survive() {
	if cause := recover(); cause != nil {
		c.note("panic in an ssh channel: %v", cause)
		c.client.Close()
	}
}

// open serves one channel to its end.
func (c *connection) open(offered ssh.NewChannel) {
	switch offered.ChannelType() {
	case "session":
		channel, requests, err := offered.Accept()
		if err == nil {
			newSession(c, channel).serve(requests)
		}
	case "direct-tcpip":
		c.connectOut(offered, tcpTarget)
	case "direct-streamlocal@openssh.com":
		c.connectOut(offered, c.unixTarget)
	default:
		offered.Reject(ssh.UnknownChannelType, "unknown channel type")
	}
}

func (c *connection) answer(requests <-chan *ssh.Request) {
	defer c.survive()
	for request := range requests {
		switch request.Type {
		case "tcpip-forward":
			request.Reply(c.listenIn(request.Payload))
		case "cancel-tcpip-forward":
			request.Reply(c.stopListening(request.Payload), nil)
		default:
			// A keepalive is answered like that, too: any answer will do.
			request.Reply(false, nil)
		}
	}
}

// keepListener is false when there are too many, or one of that name.
func (c *connection) keepListener(name string, listener net.Listener) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, isThere := c.listeners[name]; c.over || isThere || len(c.listeners) >= maxListeners {
		return false
	}
	c.listeners[name] = listener
	return true
}

func (c *connection) dropListener(name string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	listener, isThere := c.listeners[name]
	if isThere {
		delete(c.listeners, name)
		listener.Close()
	}
	return isThere
}

func (c *connection) closeListeners() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.over = true
	for _, listener := range c.listeners {
		listener.Close()
	}
}
