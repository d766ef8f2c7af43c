package files

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	// How tar archives name extended attributes since star(1)
	xattrRecord = "SCHILY.xattr."
	// What overlayfs keeps for itself
	overlayPrefix = "trusted.overlay."
	opaqueXattr   = overlayPrefix + "opaque"
)

// xattrs are extended attributes as an archive has them.
type xattrs struct {
	// PAX records; nil when there are none
	records map[string]string
	// A directory of overlayfs that hides what is below
	isOpaque bool
}

func xattrsOf(at place) (xattrs, error) {
	var found xattrs
	// A descriptor that could be asked itself would have to be open for reading, which no link and no device is.
	path := fmt.Sprintf("/proc/self/fd/%d/%s", at.dir, at.base)
	names, err := grown(func(buffer []byte) (int, error) { return unix.Llistxattr(path, buffer) })
	if err != nil {
		return found, explain("read the attributes of", at.path, err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		if name == "" || strings.HasPrefix(name, overlayPrefix) && name != opaqueXattr {
			continue
		}
		value, err := grown(func(buffer []byte) (int, error) { return unix.Lgetxattr(path, name, buffer) })
		if err != nil {
			return found, explain("read the attributes of", at.path, err)
		}
		if name == opaqueXattr {
			found.isOpaque = string(value) == "y"
			continue
		}
		if strings.Contains(name, "=") {
			return found, fail(BadArchive, "%q cannot be in an image: a layer cannot have its attribute %.200q", at.path, name)
		}
		if found.records == nil {
			found.records = map[string]string{}
		}
		found.records[xattrRecord+name] = string(value)
	}
	return found, nil
}

// maxXattrBytes is the kernel's bound of a list of names, and of a value.
const maxXattrBytes = 64 << 10

// grown reads with a buffer that nearly always does, else with the largest.
func grown(read func(buffer []byte) (int, error)) ([]byte, error) {
	for _, size := range []int{512, maxXattrBytes} {
		buffer := make([]byte, size)
		n, err := read(buffer)
		if errors.Is(err, unix.ERANGE) {
			continue
		}
		if errors.Is(err, unix.ENOTSUP) {
			return nil, nil
		}
		return buffer[:max(0, n)], err
	}
	return nil, unix.ERANGE
}
