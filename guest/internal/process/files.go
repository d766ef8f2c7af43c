package process

import (
	"errors"
	"os"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// pipeBytes is what a process may write ahead of its reader.
const pipeBytes = 256 << 10

// standardFiles are both ends of a process's stdin, stdout and stderr.
type standardFiles struct {
	child [3]*os.File
	// Ours. With a terminal, input and stdout are the same file and there is no stderr; without stdin, no input.
	input, stdout, stderr *os.File
}

func openFiles(spec Spec) (*standardFiles, error) {
	files := &standardFiles{}
	open := files.openPipes
	if spec.Terminal != nil {
		open = files.openTerminal
	}
	if err := open(spec); err != nil {
		files.closeChildEnds()
		files.closeOurEnds()
		return nil, err
	}
	return files, nil
}

func (f *standardFiles) openPipes(spec Spec) (err error) {
	if spec.Stdin {
		f.child[0], f.input, err = os.Pipe()
	} else {
		f.child[0], err = os.Open(os.DevNull)
	}
	if err != nil {
		return err
	}
	if f.stdout, f.child[1], err = os.Pipe(); err != nil {
		return err
	}
	if f.stderr, f.child[2], err = os.Pipe(); err != nil {
		return err
	}
	// A default one has 64 KiB, which a fast writer fills many times before it is read. That it stays so is no failure.
	unix.FcntlInt(f.child[1].Fd(), unix.F_SETPIPE_SZ, pipeBytes)
	return nil
}

func (f *standardFiles) openTerminal(spec Spec) error {
	blocking, slave, err := pty.Open()
	if err != nil {
		return err
	}
	f.child = [3]*os.File{slave, slave, slave}
	master, err := pollable(blocking)
	if err != nil {
		return err
	}
	f.input, f.stdout = master, master
	size := *spec.Terminal
	if size.Rows == 0 || size.Cols == 0 {
		size = Size{Rows: 24, Cols: 80}
	}
	return setSize(master, size)
}

// giveTo lets the process open its own /dev/stdout or terminal again after it lost root's rights.
func (f *standardFiles) giveTo(uid, gid uint32) {
	if uid == 0 {
		return
	}
	for _, file := range f.child {
		if info, err := file.Stat(); err == nil && (info.Mode()&os.ModeNamedPipe != 0 || f.stderr == nil) {
			file.Chown(int(uid), int(gid))
		}
	}
}

func (f *standardFiles) descriptors() []uintptr {
	return []uintptr{f.child[0].Fd(), f.child[1].Fd(), f.child[2].Fd()}
}

// closeChildEnds may meet the terminal's one file three times, and files that were never opened.
func (f *standardFiles) closeChildEnds() {
	for _, file := range f.child {
		file.Close()
	}
}

func (f *standardFiles) closeOurEnds() {
	f.input.Close()
	f.stdout.Close()
	f.stderr.Close()
}

// pollable takes over a file that Fd has made blocking: closing it would wait for whoever reads from it.
func pollable(file *os.File) (*os.File, error) {
	defer file.Close()
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), file.Name()), nil
}

func setSize(terminal *os.File, size Size) error {
	raw, err := terminal.SyscallConn()
	if err != nil {
		return err
	}
	controlErr := raw.Control(func(fd uintptr) {
		err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: size.Rows, Col: size.Cols})
	})
	return errors.Join(controlErr, err)
}
