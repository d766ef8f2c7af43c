package sshd

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// accepted are the variables that a client may set: what its terminal and its user's language are, and which protocol its
// git speaks. Others could make the guest's programs do something else.
var accepted = []string{
	"LANG", "LANGUAGE", "TZ", "COLORTERM", "NO_COLOR", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "GIT_PROTOCOL",
}

func (s *session) setVariable(payload []byte) bool {
	var variable struct{ Name, Value string }
	if s.isStarted || ssh.Unmarshal(payload, &variable) != nil {
		return false
	}
	if !slices.Contains(accepted, variable.Name) && !strings.HasPrefix(variable.Name, "LC_") {
		return false
	}
	if s.variables >= maxVariables || len(variable.Name) > maxVariable || len(variable.Value) > maxVariable {
		return false
	}
	s.variables++
	s.env[variable.Name] = variable.Value
	return true
}

// baseEnvironment is the image's, and says where the client comes from, as sshd(8) does. Through the agent's channel it comes from nowhere in
// the guest's network.
func (c *connection) baseEnvironment() map[string]string {
	remoteHost, remotePort := "127.0.0.1", "0"
	localHost, localPort := "127.0.0.1", "22"
	if _, isTCP := c.client.RemoteAddr().(*net.TCPAddr); isTCP {
		remoteHost, remotePort, _ = net.SplitHostPort(c.client.RemoteAddr().String())
		localHost, localPort, _ = net.SplitHostPort(c.client.LocalAddr().String())
	}
	env := map[string]string{}
	maps.Copy(env, c.imageEnv)
	env["SSH_CLIENT"] = fmt.Sprintf("%s %s %s", remoteHost, remotePort, localPort)
	env["SSH_CONNECTION"] = fmt.Sprintf("%s %s %s %s", remoteHost, remotePort, localHost, localPort)
	return env
}
