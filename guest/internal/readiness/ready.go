// Package readiness finds out when the image's init says that start-up is over.
package readiness

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	systemdSocket  = "/run/systemd/private"
	maxFailedUnits = 20
	maxUnitName    = 256
	// Between the socket's appearing and its listening there is no event.
	listenPatience = 2 * time.Second
	listenPause    = 10 * time.Millisecond
)

const (
	running  = "running"
	degraded = "degraded"
	unknown  = "unknown"
)

// State is what start-up came to.
type State struct {
	Name        string
	FailedUnits []string
}

// Wait returns when start-up is over, or the context is. An init other than systemd or OpenRC is taken for ready at once:
// there is nothing to ask it.
func Wait(ctx context.Context, hasImageInit bool) (State, error) {
	switch {
	case hasImageInit && isSystemd():
		return waitForSystemd(ctx)
	case hasImageInit && HasOpenRC():
		return openRC(openRCState).wait(ctx)
	}
	return State{Name: running}, nil
}

func waitForSystemd(ctx context.Context) (State, error) {
	if err := awaitPath(ctx, systemdSocket); err != nil {
		return State{}, err
	}
	awaitListening(systemdSocket)
	// Fails for every state but "running"; the state is on its output.
	output, _ := systemctl(ctx, "is-system-running", "--wait")
	if ctx.Err() != nil {
		return State{}, ctx.Err()
	}
	state := State{Name: strings.TrimSpace(string(output))}
	switch {
	case state.Name == degraded:
		state.FailedUnits = failedUnits(ctx)
	case state.Name == "" || strings.ContainsAny(state.Name, " \n"):
		state.Name = unknown
	}
	return state, nil
}

func isSystemd() bool {
	program, err := os.Readlink("/proc/1/exe")
	return err == nil && filepath.Base(program) == "systemd"
}

func awaitListening(socket string) {
	for deadline := time.Now().Add(listenPatience); time.Now().Before(deadline); time.Sleep(listenPause) {
		if connection, err := net.Dial("unix", socket); err == nil {
			connection.Close()
			return
		}
	}
}

func failedUnits(ctx context.Context) []string {
	output, err := systemctl(ctx, "--failed", "--no-legend", "--plain")
	if err != nil {
		return nil
	}
	return parseUnits(string(output))
}

func parseUnits(output string) []string {
	var units []string
	for line := range strings.Lines(output) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "" && len(units) < maxFailedUnits {
			units = append(units, name[:min(len(name), maxUnitName)])
		}
	}
	return units
}

func systemctl(ctx context.Context, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "systemctl", args...)
	output := &bytes.Buffer{}
	command.Stdout = output
	command.WaitDelay = time.Second
	err := command.Run()
	return output.Bytes()[:min(output.Len(), 64<<10)], err
}
