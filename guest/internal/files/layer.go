package files

import (
	"archive/tar"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// From the OCI image specification, layer.md.
const (
	whiteoutPrefix = ".wh."
	opaqueMarker   = ".wh..wh..opq"
)

// layerPacker writes the changes as a layer: in order of name, the same bytes for the same changes.
type layerPacker struct {
	packer
	changes *Changes
	// Directories that are in the layer only if something below them is
	pending []*tar.Header
}

// PackLayer writes an uncompressed layer. Sockets are left out.
func (c *Changes) PackLayer(to io.Writer) error {
	p := &layerPacker{changes: c}
	p.packer = packer{to: to, archive: tar.NewWriter(to), linked: map[inode]string{}, buffer: make([]byte, copyBytes)}
	if err := p.packRoot(); err != nil {
		return err
	}
	if err := p.packEntries(int(c.upper.Fd()), ""); err != nil {
		return err
	}
	return p.archive.Close()
}

// packRoot writes the root's own entry if it has another owner or mode than below.
func (p *layerPacker) packRoot() error {
	var now, before unix.Stat_t
	if err := unix.Fstat(int(p.changes.upper.Fd()), &now); err != nil {
		return explain("read", "/", err)
	}
	if err := unix.Fstat(int(p.changes.lower.Fd()), &before); err != nil {
		return explain("read", "/", err)
	}
	if now.Mode == before.Mode && now.Uid == before.Uid && now.Gid == before.Gid {
		return nil
	}
	header := headerOf("./", &now)
	header.Typeflag = tar.TypeDir
	return p.archive.WriteHeader(header)
}

// packEntries packs what is in an open directory; prefix is its name with a slash.
func (p *layerPacker) packEntries(fd int, prefix string) error {
	again, err := unix.Openat(fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return explain("read", "/"+prefix, err)
	}
	dir := os.NewFile(uintptr(again), prefix)
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return explain("read", "/"+prefix, err)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := p.packEntry(place{again, name, "/" + prefix + name, prefix + name}); err != nil {
			return err
		}
	}
	return nil
}

func (p *layerPacker) packEntry(at place) error {
	if strings.HasPrefix(at.base, whiteoutPrefix) {
		return fail(BadArchive, "%q cannot be in an image: in a layer, a name that begins with %q means what is gone", at.path, whiteoutPrefix)
	}
	var stat unix.Stat_t
	if err := unix.Fstatat(at.dir, at.base, &stat, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return p.vanished(at, err)
	}
	switch kind := stat.Mode & unix.S_IFMT; {
	case kind == unix.S_IFSOCK, kind == unix.S_IFREG && stat.Size == 0 && p.changes.isUntouched(at.name, &stat):
		return nil
	case kind == unix.S_IFCHR && stat.Rdev == 0: // How overlayfs says that something below is gone.
		return p.packMarker(strings.TrimSuffix(at.name, at.base) + whiteoutPrefix + at.base)
	}
	header := headerOf(at.name, &stat)
	found, err := xattrsOf(at)
	if err != nil {
		return err
	}
	header.PAXRecords = found.records
	if stat.Mode&unix.S_IFMT == unix.S_IFDIR {
		return p.packDirectory(at, header, dirState{found.isOpaque, p.changes.isUntouched(at.name, &stat)})
	}
	if err := p.packPending(); err != nil {
		return err
	}
	return p.packOther(at, header, &stat)
}

func (p *layerPacker) packOther(at place, header *tar.Header, stat *unix.Stat_t) error {
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return p.packFile(at, header, stat)
	case unix.S_IFLNK:
		return p.packLink(at, header)
	default:
		return p.packSpecial(header, stat)
	}
}

// dirState is what is known of a directory beside its header.
type dirState struct {
	// Nothing of what is below shows through
	isOpaque    bool
	isUntouched bool
}

func (p *layerPacker) packDirectory(at place, header *tar.Header, state dirState) error {
	header.Typeflag, header.Name = tar.TypeDir, at.name+"/"
	before := len(p.pending)
	p.pending = append(p.pending, header)
	if !state.isUntouched {
		if err := p.packPending(); err != nil {
			return err
		}
	}
	if state.isOpaque {
		if err := p.packOpaque(at.name); err != nil {
			return err
		}
	}
	const flags = unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(at.dir, at.base, flags, 0)
	if err != nil {
		return p.vanished(at, err)
	}
	defer unix.Close(fd)
	if err := p.packEntries(fd, at.name+"/"); err != nil {
		return err
	}
	p.pending = p.pending[:min(before, len(p.pending))]
	return nil
}

// packOpaque says that nothing of before is left in a directory. The kernel says it of every new one, also where nothing
// was before.
func (p *layerPacker) packOpaque(name string) error {
	isBelow, err := p.changes.isBelow(name)
	if err != nil || !isBelow {
		return err
	}
	return p.packMarker(name + "/" + opaqueMarker)
}

func (p *layerPacker) packMarker(name string) error {
	if err := p.packPending(); err != nil {
		return err
	}
	return p.archive.WriteHeader(&tar.Header{Format: tar.FormatPAX, Typeflag: tar.TypeReg, Name: name, ModTime: time.Unix(0, 0)})
}

func (p *layerPacker) packPending() error {
	for _, header := range p.pending {
		if err := p.archive.WriteHeader(header); err != nil {
			return err
		}
	}
	p.pending = p.pending[:0]
	return nil
}
