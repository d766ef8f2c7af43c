package workspace

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// host makes ships of files that are only described.
type host struct {
	header Header
	files  map[string]string
	times  map[string]int64
	git    map[string]string
}

func newHost(t *testing.T) (*host, *Workspaces) {
	t.Helper()
	dir := t.TempDir()
	return &host{
		header: Header{GuestPath: filepath.Join(dir, "repo"), GitVersion: "1", Head: "ref: refs/heads/main",
			Refs: []Ref{{"refs/heads/main", "aaaa"}}},
		files: map[string]string{},
		times: map[string]int64{},
		git:   map[string]string{".git/HEAD": "ref: refs/heads/main\n", ".git/packed-refs": "aaaa refs/heads/main\n"},
	}, New(filepath.Join(dir, "state"))
}

func (h *host) write(name, content string) {
	h.files[name] = content
	h.times[name] = time.Now().UnixNano()
}

func (h *host) remove(name string) { delete(h.files, name) }

func (h *host) entries() []Entry {
	var entries []Entry
	for name, content := range h.files {
		entry := Entry{Path: name, Kind: File, Mode: 0o644, Size: uint64(len(content)), MtimeNs: h.times[name]}
		binary.LittleEndian.PutUint64(entry.Version[:], uint64(h.times[name]))
		entries = append(entries, entry)
	}
	return entries
}

// ship returns the bytes of a ship up to its items, and the manifest.
func (h *host) ship() ([]byte, []Entry) {
	header, _ := json.Marshal(h.header)
	entries := h.entries()
	text := binary.LittleEndian.AppendUint32(appendText(nil, header), uint32(len(entries)))
	for _, entry := range entries {
		text = appendEntry(text, entry)
	}
	return text, entries
}

func (h *host) withContents(decision *Decision, text []byte, entries []Entry) []byte {
	for _, index := range decision.Want {
		entry := entries[index]
		text = binary.LittleEndian.AppendUint32(append(text, itemContent), index)
		text = appendMeta(text, entry)
		text = append(append(text, h.files[entry.Path]...), 1)
	}
	if decision.Git != GitNothing {
		for name, content := range h.git {
			text = append(text, itemGit)
			text = append(binary.LittleEndian.AppendUint16(text, uint16(len(name))), name...)
			text = append(text, gitCreate)
			text = binary.LittleEndian.AppendUint16(text, 0o644)
			text = binary.LittleEndian.AppendUint64(text, 1)
			text = binary.LittleEndian.AppendUint64(text, uint64(len(content)))
			text = append(text, content...)
		}
	}
	return append(text, itemEnd)
}

// send plans and applies.
func (h *host) send(w *Workspaces) (*Decision, error) {
	text, entries := h.ship()
	decision, err := w.Plan(bytes.NewReader(text))
	if err != nil || decision.Unchanged {
		return decision, err
	}
	_, err = w.Apply(bytes.NewReader(h.withContents(decision, text, entries)))
	return decision, err
}

func (h *host) mustSend(t *testing.T, w *Workspaces) *Decision {
	t.Helper()
	decision, err := h.send(w)
	if err != nil {
		t.Fatal(err)
	}
	return decision
}

func (h *host) in(name string) string { return filepath.Join(h.header.GuestPath, name) }

func (h *host) change(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(h.in(name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// expect compares all that is in the guest, less git's files, with what it should be.
func (h *host) expect(t *testing.T, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	filepath.WalkDir(h.header.GuestPath, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() && entry.Name() == gitDir {
			return filepath.SkipDir
		}
		name, _ := filepath.Rel(h.header.GuestPath, path)
		if !entry.IsDir() {
			content, _ := os.ReadFile(path)
			got[name] = string(content)
		}
		return nil
	})
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for name := range want {
		if got[name] != want[name] {
			t.Fatalf("%s: got %q, want %q", name, got[name], want[name])
		}
	}
}
