package service

import (
	"os"
	"testing"
	"time"
)

// Most tests leave the end of their requests to the agent's patience.
func TestMain(m *testing.M) {
	hostPatience = 20 * time.Millisecond
	dir, err := os.MkdirTemp("", "sessions-*")
	if err != nil {
		panic(err)
	}
	sessionsDir = dir
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}
