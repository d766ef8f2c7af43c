// Package console is where the agent says what it does: the machine's console and the kernel's log.
//
// Nothing here blocks or fails: a line that cannot be written is dropped, and so are lines beyond a rate, since whoever
// controls the guest's processes could otherwise make the agent fill the host's console log.
package console

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	maxLineLength  = 512
	burst          = 200
	linesPerSecond = 5
	prefix         = "banger-agent: "
)

// Log writes bounded lines. Its files stay valid when the root file system changes.
type Log struct {
	mutex   sync.Mutex
	console *os.File
	kernel  *os.File
	budget  float64
	filled  time.Time
}

// Open opens what exists of the console and the kernel's log.
func Open() *Log {
	const flags = os.O_WRONLY | syscall.O_NOCTTY | syscall.O_NONBLOCK
	console, _ := os.OpenFile("/dev/console", flags, 0)
	kernel, _ := os.OpenFile("/dev/kmsg", flags, 0)
	return &Log{console: console, kernel: kernel, budget: burst, filled: time.Now()}
}

// Printf writes one line.
func (l *Log) Printf(format string, args ...any) {
	text := strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf(format, args...)), "\n", " | ")
	text = prefix + text[:min(len(text), maxLineLength)]
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !l.takeTurn() {
		return
	}
	if l.console != nil {
		l.console.WriteString(text + "\r\n")
	}
	if l.kernel != nil {
		// Priority "informational": not a second time on the console.
		l.kernel.WriteString("<6>" + text)
	}
}

func (l *Log) takeTurn() bool {
	now := time.Now()
	l.budget = min(burst, l.budget+now.Sub(l.filled).Seconds()*linesPerSecond)
	l.filled = now
	if l.budget < 1 {
		return false
	}
	l.budget--
	return true
}
