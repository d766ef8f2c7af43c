package files

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// segment is a part of a file that is not a hole.
type segment struct {
	at, size int64
}

const (
	// st_blocks counts in these, whatever the file system's are (stat(2))
	statBlock = 512
	tarBlock  = 512
)

// dataSegments finds what is not a hole; nil when there is none, or the file system cannot tell.
func dataSegments(fd int, stat *unix.Stat_t) ([]segment, error) {
	if stat.Blocks*statBlock >= stat.Size {
		return nil, nil
	}
	segments := []segment{}
	for at := int64(0); at < stat.Size; {
		data, err := unix.Seek(fd, at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			break // Only a hole is left.
		}
		if errors.Is(err, unix.EINVAL) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		hole, err := unix.Seek(fd, data, unix.SEEK_HOLE)
		if err != nil {
			return nil, err
		}
		end := min(hole, stat.Size)
		segments = append(segments, segment{data, end - data})
		at = end
	}
	if len(segments) == 1 && segments[0] == (segment{0, stat.Size}) {
		return nil, nil
	}
	return segments, nil
}

// writeSparse writes a file as GNU tar's format PAX 1.0, which archive/tar reads and does not write: a map of the segments,
// padded to a block, and then nothing but the segments. The two headers are written by themselves between its entries.
func (p *packer) writeSparse(header *tar.Header, file *os.File, segments []segment) error {
	layout, stored := sparseMap(segments), int64(0)
	for _, s := range segments {
		stored += s.size
	}
	pairs := [][2]string{
		{"GNU.sparse.major", "1"}, {"GNU.sparse.minor", "0"},
		{"GNU.sparse.name", header.Name}, {"GNU.sparse.realsize", strconv.FormatInt(header.Size, 10)},
		{"mtime", paxTime(header.ModTime)},
		{"uid", strconv.Itoa(header.Uid)}, {"gid", strconv.Itoa(header.Gid)},
		{"size", strconv.FormatInt(int64(len(layout))+stored, 10)},
	}
	for _, key := range slices.Sorted(maps.Keys(header.PAXRecords)) {
		pairs = append(pairs, [2]string{key, header.PAXRecords[key]})
	}
	records := paxRecords(pairs)
	if err := p.archive.Flush(); err != nil {
		return err
	}
	for _, block := range [][]byte{
		rawHeader("GNUSparseFile.0/pax", tar.TypeXHeader, header.Mode, int64(len(records))), padded(records),
		rawHeader("GNUSparseFile.0/file", tar.TypeReg, header.Mode, int64(len(layout))+stored), layout,
	} {
		if _, err := p.to.Write(block); err != nil {
			return err
		}
	}
	for _, s := range segments {
		if err := p.copy(p.to, io.NewSectionReader(file, s.at, s.size), s.size); err != nil {
			return err
		}
	}
	_, err := p.to.Write(make([]byte, -stored&(tarBlock-1)))
	return err
}

// paxTime is seconds with a fraction, which in a time before 1970 counts backwards, too.
func paxTime(at time.Time) string {
	seconds, nanoseconds := at.Unix(), at.Nanosecond()
	if seconds < 0 && nanoseconds > 0 {
		return fmt.Sprintf("-%d.%09d", -(seconds + 1), 1_000_000_000-nanoseconds)
	}
	return fmt.Sprintf("%d.%09d", seconds, nanoseconds)
}

// sparseMap is the number of segments, then offset and size of each, a decimal number a line.
func sparseMap(segments []segment) []byte {
	text := fmt.Appendf(nil, "%d\n", len(segments))
	for _, s := range segments {
		text = fmt.Appendf(text, "%d\n%d\n", s.at, s.size)
	}
	return padded(text)
}

func padded(text []byte) []byte {
	return append(text, make([]byte, -len(text)&(tarBlock-1))...)
}

// paxRecords are "length key=value\n", where the length counts itself (pax(1)).
func paxRecords(pairs [][2]string) []byte {
	var records bytes.Buffer
	for _, pair := range pairs {
		body := fmt.Sprintf(" %s=%s\n", pair[0], pair[1])
		length := len(body)
		for length != len(body)+len(strconv.Itoa(length)) {
			length = len(body) + len(strconv.Itoa(length))
		}
		fmt.Fprintf(&records, "%d%s", length, body)
	}
	return records.Bytes()
}

// rawHeader is a ustar header (pax(1)); what does not fit into its numbers is in the PAX records before it.
func rawHeader(name string, kind byte, mode, size int64) []byte {
	block := make([]byte, tarBlock)
	copy(block[0:100], name)
	copy(block[100:108], fmt.Sprintf("%07o", mode))
	copy(block[108:116], "0000000")
	copy(block[116:124], "0000000")
	copy(block[124:136], fmt.Sprintf("%011o", min(size, 0o77777777777)))
	copy(block[136:148], "00000000000")
	copy(block[148:156], "        ")
	block[156] = kind
	copy(block[257:265], "ustar\x0000")
	sum := 0
	for _, b := range block {
		sum += int(b)
	}
	copy(block[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return block
}
