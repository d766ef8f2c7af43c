package workspace

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	recordFile  = "record"
	pendingFile = "pending"
)

// record is what was shipped last: a ship without its contents.
type record struct {
	Ship
	exists bool
}

// pending is what a ship is about to change. Its paths and refs may be in their old or their new state.
type pending struct {
	Head   string
	Refs   []Ref
	paths  map[string]bool
	exists bool
}

// before is all that is known of earlier ships to a place.
type before struct {
	record  record
	pending pending
}

// known tells whether what is at the place came from us.
func (b *before) known() bool { return b.record.exists || b.pending.exists }

// state is where the records of one workspace are.
type state struct{ dir string }

func (w *Workspaces) stateOf(guestPath string) state {
	sum := sha256.Sum256([]byte(guestPath))
	return state{filepath.Join(w.stateDir, hex.EncodeToString(sum[:16]))}
}

// load takes a record that cannot be read as none: the next ship then refuses to touch what is there.
func (s state) load() (*before, error) {
	b := &before{}
	err := s.read(recordFile, func(in *bufio.Reader) (err error) {
		if err = readHeader(in, &b.record.Header); err == nil {
			b.record.Entries, err = readEntries(in)
		}
		b.record.exists = err == nil
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.read(pendingFile, func(in *bufio.Reader) error { return b.pending.readFrom(in) })
	return b, err
}

func (s state) read(name string, parse func(*bufio.Reader) error) error {
	file, err := os.Open(filepath.Join(s.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	err = parse(bufio.NewReaderSize(file, bufferBytes))
	if err == io.EOF || err == io.ErrUnexpectedEOF || errors.Is(err, ErrInvalid) {
		return nil
	}
	return err
}

func (p *pending) readFrom(in *bufio.Reader) error {
	if err := readJSON(in, p); err != nil {
		return err
	}
	count, err := readLength(in, maxEntries)
	if err != nil {
		return err
	}
	p.paths = make(map[string]bool, min(count, 65536))
	for range count {
		path, err := readPath(in, false)
		if err != nil {
			return err
		}
		p.paths[path] = true
	}
	p.exists = true
	return nil
}

// saveRecord ends a ship: what it changed is the state now.
func (s state) saveRecord(ship *Ship) error {
	header, err := json.Marshal(ship.Header)
	if err != nil {
		return err
	}
	bytes := appendText(make([]byte, 0, len(header)+8+len(ship.Entries)*96), header)
	bytes = binary.LittleEndian.AppendUint32(bytes, uint32(len(ship.Entries)))
	for _, entry := range ship.Entries {
		bytes = appendEntry(bytes, entry)
	}
	if err := s.write(recordFile, bytes); err != nil {
		return err
	}
	return s.forgetPending()
}

// savePending is on the disk when it returns.
func (s state) savePending(ship *Ship, paths map[string]bool) error {
	header, err := json.Marshal(pending{Head: ship.Head, Refs: ship.Refs})
	if err != nil {
		return err
	}
	bytes := binary.LittleEndian.AppendUint32(appendText(nil, header), uint32(len(paths)))
	for path := range paths {
		bytes = append(binary.LittleEndian.AppendUint16(bytes, uint16(len(path))), path...)
	}
	return s.write(pendingFile, bytes)
}

func (s state) forgetPending() error {
	err := os.Remove(filepath.Join(s.dir, pendingFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func appendText(to, text []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(to, uint32(len(text))), text...)
}

func (s state) write(name string, bytes []byte) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(s.dir, name)
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(path + ".new")
	_, err = file.Write(bytes)
	if err == nil {
		err = unix.Fdatasync(int(file.Fd()))
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
