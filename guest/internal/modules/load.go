// Package modules loads kernel modules: those that came with the initrd, and others by name.
package modules

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Lists name one uncompressed module per line, by absolute path, in load order. Empty lines and lines that start with #
// say nothing.
const (
	// ListFile is for the start.
	ListFile = "/banger/modules.list"
	// LateListFile is for Boot: the drivers of the disks. A guest that is saved before Boot and restored with other disks
	// behind the same devices must not have looked at them.
	LateListFile = "/banger/late-modules.list"
)

// Load loads every module of the list. One that cannot be loaded is reported and skipped: whether it was needed shows
// when its device does not appear. The files are removed, since the initrd's content is memory that is never freed.
func Load(listFile string, report func(format string, args ...any)) {
	list, err := os.ReadFile(listFile)
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			report("cannot read the list of modules: %v", err)
		}
		return
	}
	for _, path := range parseList(string(list)) {
		if err := LoadFile(path); err != nil {
			report("cannot load module %v", err)
		}
		os.Remove(path)
	}
}

func parseList(list string) []string {
	var paths []string
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			paths = append(paths, line)
		}
	}
	return paths
}

// LoadFile loads one uncompressed module; nothing happens when it is loaded.
func LoadFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	err = unix.FinitModule(int(file.Fd()), "", 0)
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
