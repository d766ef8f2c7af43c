package sessions

import "os"

// ring keeps the newest bytes of one stream in a file that never grows beyond a bound: the byte at offset o of the stream
// is at o modulo the bound in the file. Which offsets are in it is the journal's business.
type ring struct {
	file  *os.File
	bound uint64
}

func newRing(path string, bound uint64) (*ring, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &ring{file, bound}, nil
}

// write takes at most bound bytes.
func (r *ring) write(offset uint64, bytes []byte) error {
	return r.inParts(offset, bytes, r.file.WriteAt)
}

func (r *ring) read(offset uint64, bytes []byte) error {
	return r.inParts(offset, bytes, r.file.ReadAt)
}

// inParts splits at the end of the file, where the ring begins anew.
func (r *ring) inParts(offset uint64, bytes []byte, do func([]byte, int64) (int, error)) error {
	at := offset % r.bound
	first := min(uint64(len(bytes)), r.bound-at)
	if _, err := do(bytes[:first], int64(at)); err != nil {
		return err
	}
	if first == uint64(len(bytes)) {
		return nil
	}
	_, err := do(bytes[first:], 0)
	return err
}
