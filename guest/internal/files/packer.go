package files

import (
	"archive/tar"
	"io"
	"os"
	"path"
	"time"

	"golang.org/x/sys/unix"
)

// packer writes one archive.
type packer struct {
	to      io.Writer
	archive *tar.Writer
	// First names of files that have several
	linked  map[inode]string
	skipped Skipped
	buffer  []byte
}

type inode struct {
	dev, ino uint64
}

// place is one thing on its way into the archive.
type place struct {
	// Its directory, open, and its name there
	dir  int
	base string
	// For messages
	path string
	// In the archive
	name string
}

// pack writes one thing and all below it. What is a file system of the kernel's own making (/proc, /sys) is packed as an
// empty directory, unless it is where the packing began.
func (p *packer) pack(at place, device uint64) error {
	var stat unix.Stat_t
	if err := unix.Fstatat(at.dir, at.base, &stat, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return p.vanished(at, err)
	}
	header := headerOf(at.name, &stat)
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return p.packDirectory(at, header, device)
	case unix.S_IFREG:
		return p.packFile(at, header, &stat)
	case unix.S_IFLNK:
		return p.packLink(at, header)
	case unix.S_IFSOCK:
		p.skipped.add(at.path)
		return nil
	default:
		return p.packSpecial(header, &stat)
	}
}

// packSpecial writes a device, or a FIFO, whose numbers are zero.
func (p *packer) packSpecial(header *tar.Header, stat *unix.Stat_t) error {
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFCHR:
		header.Typeflag = tar.TypeChar
	case unix.S_IFBLK:
		header.Typeflag = tar.TypeBlock
	default:
		header.Typeflag = tar.TypeFifo
	}
	header.Devmajor, header.Devminor = int64(unix.Major(stat.Rdev)), int64(unix.Minor(stat.Rdev))
	return p.archive.WriteHeader(header)
}

func (p *packer) packDirectory(at place, header *tar.Header, device uint64) error {
	header.Typeflag, header.Name = tar.TypeDir, at.name+"/"
	if err := p.archive.WriteHeader(header); err != nil {
		return err
	}
	const flags = unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(at.dir, at.base, flags, 0)
	if err != nil {
		return p.vanished(at, err)
	}
	dir := os.NewFile(uintptr(fd), at.path)
	defer dir.Close()
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return explain("read", at.path, err)
	}
	if stat.Dev != device && isKernels(fd) {
		return nil
	}
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return explain("read", at.path, err)
	}
	for _, name := range names {
		child := place{fd, name, path.Join(at.path, name), at.name + "/" + name}
		if err := p.pack(child, stat.Dev); err != nil {
			return err
		}
	}
	return nil
}

func (p *packer) packLink(at place, header *tar.Header) error {
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(at.dir, at.base, target)
	if err != nil {
		return p.vanished(at, err)
	}
	header.Typeflag, header.Linkname = tar.TypeSymlink, string(target[:n])
	return p.archive.WriteHeader(header)
}

func (p *packer) vanished(at place, err error) error {
	if isMissing(err) {
		return fail(Changed, "cannot read %q: it vanished while it was copied", at.path)
	}
	return explain("read", at.path, err)
}

func headerOf(name string, stat *unix.Stat_t) *tar.Header {
	return &tar.Header{
		Format:  tar.FormatPAX,
		Name:    name,
		Mode:    int64(stat.Mode & 0o7777),
		Uid:     int(stat.Uid),
		Gid:     int(stat.Gid),
		ModTime: time.Unix(stat.Mtim.Unix()),
	}
}

// kernels are file systems whose files are made up as they are read.
var kernels = map[int64]bool{
	unix.PROC_SUPER_MAGIC: true, unix.SYSFS_MAGIC: true, unix.CGROUP_SUPER_MAGIC: true, unix.CGROUP2_SUPER_MAGIC: true,
	unix.DEBUGFS_MAGIC: true, unix.TRACEFS_MAGIC: true, unix.SECURITYFS_MAGIC: true, unix.BPF_FS_MAGIC: true,
	unix.DEVPTS_SUPER_MAGIC: true, unix.PSTOREFS_MAGIC: true, unix.EFIVARFS_MAGIC: true, configfsMagic: true,
}

// From linux/magic.h; x/sys has no name for it.
const configfsMagic = 0x62656570

func isKernels(fd int) bool {
	var fs unix.Statfs_t
	return unix.Fstatfs(fd, &fs) == nil && kernels[fs.Type]
}
