package workspace

import "slices"

// maxNames is how many conflicts are told by name.
const maxNames = 20

// GitWork is what is to be done to the git directory.
type GitWork int

const (
	// GitNothing: it stays as it is
	GitNothing GitWork = iota
	// GitUpdate: new objects come, refs and index move
	GitUpdate
	// GitWhole: there is none yet
	GitWhole
)

// Conflicts are files and refs that were changed on both sides.
type Conflicts struct {
	Count int
	Names []string
}

func (c *Conflicts) add(name string) {
	c.Count++
	if len(c.Names) < maxNames {
		c.Names = append(c.Names, quote(name))
	}
}

// Decision is what a ship needs and does.
type Decision struct {
	// Unchanged: there is nothing to be done
	Unchanged bool
	// Want are the places in the manifest of files whose contents are needed
	Want []uint32
	// Remove are files that the host no longer has
	Remove    []string
	Conflicts Conflicts
	Git       GitWork
	// Have are commits whose history the guest has down to those in Shallow
	Have    []string
	Shallow []string
	place   place
}

// deciding holds what decisions are made from.
type deciding struct {
	ship   *Ship
	before *before
	tree   *tree
	old    map[string]Entry
	*Decision
}

// decide compares the ship with what was shipped last and with what is there. With overwrite the host's side wins.
func decide(ship *Ship, before *before, at place, tree *tree) (*Decision, error) {
	d := &deciding{ship: ship, before: before, tree: tree, Decision: &Decision{place: at}}
	if at == nowhere {
		d.Git = GitWhole
		d.Want = make([]uint32, len(ship.Entries))
		for index := range ship.Entries {
			d.Want[index] = uint32(index)
		}
		return d.Decision, nil
	}
	if err := d.files(); err != nil {
		return nil, err
	}
	if err := d.git(); err != nil {
		return nil, err
	}
	if ship.Overwrite {
		d.Conflicts = Conflicts{}
	}
	isSame := before.record.exists && !before.pending.exists && before.record.ReadOnly == ship.ReadOnly
	d.Unchanged = isSame && len(d.Want) == 0 && len(d.Remove) == 0 && d.Git == GitNothing
	return d.Decision, nil
}

func (d *deciding) files() error {
	// An unchanged ship has the entries in the same order.
	if !d.before.pending.exists && slices.Equal(d.ship.Entries, d.before.record.Entries) {
		return nil
	}
	d.old = make(map[string]Entry, len(d.before.record.Entries))
	for _, entry := range d.before.record.Entries {
		d.old[entry.Path] = entry
	}
	gone := make(map[string]bool, len(d.before.record.Entries))
	for path := range d.old {
		gone[path] = true
	}
	for path := range d.before.pending.paths {
		gone[path] = true
	}
	for index, entry := range d.ship.Entries {
		delete(gone, entry.Path)
		if err := d.wanted(uint32(index), entry); err != nil {
			return err
		}
	}
	for path := range gone {
		if err := d.gone(path); err != nil {
			return err
		}
	}
	// Longer paths first: what is below a directory goes before it.
	slices.SortFunc(d.Remove, func(a, b string) int { return len(b) - len(a) })
	return nil
}

func (d *deciding) wanted(index uint32, entry Entry) error {
	old, known := d.old[entry.Path]
	isPending := d.before.pending.paths[entry.Path]
	if known && old == entry && !isPending {
		return nil
	}
	d.Want = append(d.Want, index)
	if isPending {
		return nil
	}
	is, err := d.tree.look(entry.Path)
	if err != nil {
		return err
	}
	if known && !is.is(old) || !known && is.exists && !d.isOurs(is, entry.Path) {
		d.Conflicts.add(entry.Path)
	}
	return nil
}

// isOurs tells whether a directory that is in the way of a new file is one of ours, which goes with its files.
func (d *deciding) isOurs(is found, path string) bool {
	if !is.isDir {
		return false
	}
	for old := range d.old {
		if len(old) > len(path) && old[:len(path)] == path && old[len(path)] == '/' {
			return true
		}
	}
	return false
}

func (d *deciding) gone(path string) error {
	is, err := d.tree.look(path)
	if err != nil || !is.exists {
		return err
	}
	if old, known := d.old[path]; known && !d.before.pending.paths[path] && !is.is(old) {
		d.Conflicts.add(path)
	}
	d.Remove = append(d.Remove, path)
	return nil
}

// git decides about refs and index together: when the guest has moved a branch and the host has not, all of it stays.
func (d *deciding) git() error {
	guest := &refs{tree: d.tree}
	hasGit, err := guest.hasGit()
	if err != nil {
		return err
	}
	was, is := d.before.record.Header, d.ship.Header
	if !hasGit {
		d.Git = GitWhole
		return nil
	}
	if is.GitVersion == was.GitVersion && d.before.record.exists && !d.before.pending.exists {
		return nil
	}
	moved, err := d.moved(guest)
	if err != nil {
		return err
	}
	if len(moved) > 0 && d.before.record.exists && is.Head == was.Head && slices.Equal(is.Refs, was.Refs) {
		return nil // Only the host's index is another.
	}
	for _, name := range moved {
		d.Conflicts.add(name)
	}
	d.Git = GitUpdate
	for _, ref := range was.Refs {
		d.Have = append(d.Have, ref.ID)
	}
	d.Shallow = was.Shallow
	return nil
}

// moved names the refs of the guest that are neither where the last ship left them nor where this one puts them.
func (d *deciding) moved(guest *refs) (names []string, err error) {
	was, is, half := d.before.record.Header, d.ship.Header, d.before.pending
	head, err := guest.head()
	if err != nil {
		return nil, err
	}
	if head != was.Head && head != is.Head && head != half.Head {
		names = append(names, gitDir+"/HEAD")
	}
	ids := make(map[string][3]string, len(is.Refs))
	for i, list := range [][]Ref{was.Refs, is.Refs, half.Refs} {
		for _, ref := range list {
			known := ids[ref.Name]
			known[i] = ref.ID
			ids[ref.Name] = known
		}
	}
	for _, ref := range is.Refs {
		id, err := guest.id(ref.Name)
		if err != nil {
			return nil, err
		}
		if known := ids[ref.Name]; !slices.Contains(known[:], id) {
			names = append(names, ref.Name)
		}
	}
	return names, nil
}
