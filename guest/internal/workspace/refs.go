package workspace

import (
	"fmt"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	maxRefBytes        = 4096
	maxPackedRefsBytes = 64 << 20
)

// refs reads where git of the guest stands, without git.
type refs struct {
	tree   *tree
	packed map[string]string
}

// hasGit tells whether there is a git directory at all.
func (r *refs) hasGit() (bool, error) {
	head, err := r.head()
	return head != "", err
}

func (r *refs) head() (string, error) {
	text, err := r.tree.readSmall(gitDir+"/HEAD", maxRefBytes)
	return strings.TrimSpace(text), err
}

// id of a ref, "" if there is none. A loose ref hides a packed one.
func (r *refs) id(name string) (string, error) {
	text, err := r.tree.readSmall(gitDir+"/"+name, maxRefBytes)
	if id := strings.TrimSpace(text); err != nil || id != "" {
		return id, err
	}
	if r.packed == nil {
		text, err := r.tree.readSmall(gitDir+"/packed-refs", maxPackedRefsBytes)
		if err != nil {
			return "", err
		}
		r.packed = packedRefs(text)
	}
	return r.packed[name], nil
}

// packedRefs reads lines of "id name"; those of comments and of peeled tags begin with "#" and "^" (git-pack-refs(1)).
func packedRefs(text string) map[string]string {
	ids := map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if id, name, ok := strings.Cut(line, " "); ok && !strings.HasPrefix(line, "#") {
			ids[name] = id
		}
	}
	return ids
}

func idIn(list []Ref, name string) string {
	for _, ref := range list {
		if ref.Name == name {
			return ref.ID
		}
	}
	return ""
}

// moveRefs sets the refs and, last of all, HEAD.
func (a *applying) moveRefs() error {
	guest := &refs{tree: a.tree}
	for _, ref := range a.ship.Refs {
		id, err := guest.id(ref.Name)
		if err != nil {
			return err
		}
		if id == ref.ID {
			continue
		}
		if err := a.writeText(gitDir+"/"+ref.Name, ref.ID+"\n"); err != nil {
			return fmt.Errorf("%s: %w", ref.Name, err)
		}
	}
	return a.writeText(gitDir+"/HEAD", a.ship.Head+"\n")
}

func (a *applying) writeText(name, text string) error {
	dir, err := a.tree.makeDir(path.Dir(name))
	if err != nil {
		return err
	}
	if err := a.dropScratch(); err != nil {
		return err
	}
	entry := Entry{Kind: File, Mode: 0o644, Size: uint64(len(text)), MtimeNs: nowNs()}
	if err := a.tree.writeFile(a.tree.root, scratch, entry, strings.NewReader(text)); err != nil {
		return err
	}
	return unix.Renameat(a.tree.root, scratch, dir, path.Base(name))
}
