package pid1

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// What the serving process asks of process 1. Each is one message and has one answer: "ok", or why not. A successful
// takeInit has no answer: the exec closes process 1's end.
const (
	enterRoot = "enter "
	takeInit  = "init "
	answerOK  = "ok"
)

const maxMessage = 4 << 10

func newLink() (ours, theirs *os.File, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(pair[0]), "link"), os.NewFile(uintptr(pair[1]), "link"), nil
}

// obey runs in process 1 until the serving process's end is closed.
func obey(link *os.File) error {
	message := make([]byte, maxMessage)
	for {
		n, err := link.Read(message)
		if err != nil {
			return err
		}
		reply := answerOK
		if err := execute(string(message[:n])); err != nil {
			reply = err.Error()
		}
		if _, err := link.WriteString(reply); err != nil {
			return err
		}
	}
}

func execute(request string) error {
	if root, ok := strings.CutPrefix(request, enterRoot); ok {
		return moveOverRoot(root)
	}
	if path, ok := strings.CutPrefix(request, takeInit); ok {
		return fmt.Errorf("execute %s: %w", path, unix.Exec(path, []string{path}, os.Environ()))
	}
	return fmt.Errorf("unknown request %q", request)
}

// moveOverRoot makes the mount at root the file system of "/". pivot_root refuses the initrd's root, so the new mount is
// moved on top of it and entered.
func moveOverRoot(root string) error {
	if err := unix.Chdir(root); err != nil {
		return fmt.Errorf("enter %s: %w", root, err)
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move %s over /: %w", root, err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("change the root: %w", err)
	}
	return unix.Chdir("/")
}

// Link is the serving process's side.
type Link struct {
	socket *os.File
}

// OpenLink takes over the descriptor that process 1 left.
func OpenLink() *Link {
	unix.CloseOnExec(ServingSocket)
	return &Link{os.NewFile(ServingSocket, "link")}
}

// EnterRoot moves the mount at root over "/" and puts both processes into it.
func (l *Link) EnterRoot(root string) error {
	// Once it has been moved, this process finds it only from within.
	if err := unix.Chdir(root); err != nil {
		return fmt.Errorf("enter %s: %w", root, err)
	}
	if err := l.ask(enterRoot + root); err != nil {
		return err
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("change the root: %w", err)
	}
	return unix.Chdir("/")
}

// HandOver makes the program at path process 1. It returns when that happened, or why it could not.
func (l *Link) HandOver(path string) error {
	err := l.ask(takeInit + path)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (l *Link) ask(request string) error {
	if _, err := l.socket.WriteString(request); err != nil {
		return fmt.Errorf("ask process 1: %w", err)
	}
	answer := make([]byte, maxMessage)
	n, err := l.socket.Read(answer)
	if err != nil {
		return fmt.Errorf("ask process 1: %w", err)
	}
	if text := string(answer[:n]); text != answerOK {
		return errors.New(text)
	}
	return nil
}
