// Package sshd is the guest's own ssh server, for images that bring none.
//
// It is as strict as banger's OpenSSH: public keys only, those that the host has handed in; the host key is that of the
// machine's identity, and a fork's is another one from its first connection on. Whoever logs in is an account of the
// image's /etc/passwd with a shell. Commands run in the agent's registry of processes, sftp in a process of its own that
// has no more rights than its user. Everything a client may have open at a time is counted, and a client that is not
// logged in after a minute is gone.
package sshd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"banger.dev/guest/internal/process"
)

// loginTime is from the first byte to a login: an emulated guest is slow, and OpenSSH gives twice that. Shorter in tests.
var loginTime = time.Minute

const (
	maxLoginTries  = 6
	maxConnections = 64
	maxKeys        = 64
)

// Server serves ssh on the connections that it is given.
type Server struct {
	processes *process.Registry
	note      func(format string, args ...any)
	mutex     sync.Mutex
	hostKey   ssh.Signer
	keys      []ssh.PublicKey
	// Of the image
	env map[string]string
}

// New returns a server that refuses everybody until it is somebody.
func New(processes *process.Registry, note func(format string, args ...any)) *Server {
	return &Server{processes: processes, note: note}
}

// Credentials are the server's own key and those that may log in.
type Credentials struct {
	hostKey ssh.Signer
	keys    []ssh.PublicKey
}

// ParseCredentials reads a private key in one of OpenSSH's formats and lines as in authorized_keys.
func ParseCredentials(hostKey string, authorizedKeys []string) (Credentials, error) {
	if len(authorizedKeys) > maxKeys {
		return Credentials{}, fmt.Errorf("%d authorized keys are too many", len(authorizedKeys))
	}
	signer, err := ssh.ParsePrivateKey([]byte(hostKey))
	if err != nil {
		return Credentials{}, errors.New("the ssh host key cannot be read") // Its content is nobody's business.
	}
	who := Credentials{hostKey: signer}
	for _, line := range authorizedKeys {
		key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil || len(options) > 0 {
			return Credentials{}, fmt.Errorf("the authorized key %.80q is none", line)
		}
		who.keys = append(who.keys, key)
	}
	return who, nil
}

// Become makes the server this one, for all connections that begin from now on.
func (s *Server) Become(who Credentials) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.hostKey, s.keys = who.hostKey, slices.Clone(who.keys)
}

// GiveEnvironment sets what all commands find in their environment, NAME=VALUE, for connections from now on.
func (s *Server) GiveEnvironment(variables []string) {
	env := map[string]string{}
	for _, variable := range variables {
		if name, value, ok := strings.Cut(variable, "="); ok && name != "" {
			env[name] = value
		}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.env = env
}

// HostKey is its public half as in a .pub file; empty before the server is somebody.
func (s *Server) HostKey() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.hostKey == nil {
		return ""
	}
	return string(ssh.MarshalAuthorizedKey(s.hostKey.PublicKey()))
}

// Serve takes connections until the listener is closed. More than it can have at a time are closed at once.
func (s *Server) Serve(listener net.Listener) error {
	slots := make(chan struct{}, maxConnections)
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			// Out of descriptors or memory, most likely: that passes.
			s.note("cannot accept an ssh connection: %v", err)
			time.Sleep(time.Second)
			continue
		}
		select {
		case slots <- struct{}{}:
			go func() {
				defer func() { <-slots }()
				s.ServeConn(conn)
			}()
		default:
			conn.Close()
		}
	}
}

// ServeConn serves one client until it is gone. A panic ends its connection, not the agent.
func (s *Server) ServeConn(conn net.Conn) {
	defer conn.Close()
	defer func() {
		if cause := recover(); cause != nil {
			s.note("panic in an ssh connection: %v", cause)
		}
	}()
	config, err := s.config()
	if err != nil {
		return
	}
	conn.SetDeadline(time.Now().Add(loginTime))
	client, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	defer client.Close()
	conn.SetDeadline(time.Time{})
	account, err := accountOf(client.User())
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &connection{
		ctx: ctx, client: client, account: account, imageEnv: s.environment(),
		processes: s.processes, note: s.note, listeners: map[string]net.Listener{},
	}
	c.serve(channels, requests)
}

func (s *Server) environment() map[string]string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.env
}
