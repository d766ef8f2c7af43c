package channel

import "bytes"

const (
	frameHeaderLength  = 9
	prefaceLength      = 24
	repeatsThatMeanNew = 3
)

// frames follows HTTP/2's frame boundaries in the bytes that come from the host, to notice a new host at once.
//
// A host that lost its conversation opens the port again and sends handshake lines, while the guest may still be in the
// old conversation, even in the middle of a frame. At a frame boundary such a line is recognised by its first bytes: as
// a frame header they would announce more than 4 MiB. Inside of a frame's payload nothing is certain, since the payload
// may well contain such a line; but a whole read that is nothing but the same handshake line, several times in a row, is
// a waiting host: payload that streams is cut at other places, and has frame headers between.
type frames struct {
	// Bytes up to the next boundary, the preface first.
	remaining int
	header    []byte
	repeated  []byte
	repeats   int
}

func newFrames() frames {
	return frames{remaining: prefaceLength}
}

// next accounts for a read. It returns how many of its bytes belong to the conversation; fewer than all of them when a
// new host speaks from there on.
func (f *frames) next(chunk []byte) int {
	if f.isRepeatedGreeting(chunk) {
		return 0
	}
	for at := 0; at < len(chunk); {
		if f.remaining > 0 {
			step := min(f.remaining, len(chunk)-at)
			f.remaining -= step
			at += step
			continue
		}
		f.header = append(f.header, chunk[at])
		at++
		if len(f.header) < frameHeaderLength {
			continue
		}
		if string(f.header) == greeting {
			return max(0, at-frameHeaderLength)
		}
		f.remaining = int(f.header[0])<<16 | int(f.header[1])<<8 | int(f.header[2])
		f.header = f.header[:0]
	}
	return len(chunk)
}

func (f *frames) isRepeatedGreeting(chunk []byte) bool {
	if _, ok := nonceOf(chunk); !ok || len(chunk)%lineLength != 0 {
		f.repeats = 0
		return false
	}
	line := chunk[len(chunk)-lineLength:]
	if !bytes.Equal(bytes.Repeat(line, len(chunk)/lineLength), chunk) {
		f.repeats = 0
		return false
	}
	if !bytes.Equal(line, f.repeated) {
		f.repeated, f.repeats = bytes.Clone(line), 0
	}
	f.repeats++
	return f.repeats >= repeatsThatMeanNew
}
