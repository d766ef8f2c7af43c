package process

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// lookup finds the program as execvp does: a name with a slash is a path below cwd, another one is looked up in path.
func lookup(name, path, cwd string) (string, *Failure) {
	if name == "" {
		return "", failure(NotFound, "the command's name is empty")
	}
	if strings.Contains(name, "/") {
		if !filepath.IsAbs(name) {
			name = filepath.Join(cwd, name)
		}
		return name, executable(name)
	}
	var denied *Failure
	for dir := range strings.SplitSeq(path, ":") {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(cwd, dir)
		}
		candidate := filepath.Join(dir, name)
		why := executable(candidate)
		if why == nil {
			return candidate, nil
		}
		if why.Reason == NotExecutable && denied == nil {
			denied = why
		}
	}
	if denied != nil {
		return "", denied
	}
	return "", failure(NotFound, "%q is not in PATH (%s)", name, bounded(path))
}

func executable(path string) *Failure {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
		return failure(NotFound, "%s does not exist", bounded(path))
	case err != nil:
		return failure(NotExecutable, "%s", bounded(err.Error()))
	case info.IsDir():
		return failure(NotExecutable, "%s is a directory", bounded(path))
	case info.Mode()&0o111 == 0:
		return failure(NotExecutable, "%s may not be executed (mode %04o)", bounded(path), info.Mode().Perm())
	}
	return nil
}

// startFailure turns the kernel's refusal to run program into a Failure.
func startFailure(program string, user string, err error) *Failure {
	program = bounded(program)
	switch {
	case errors.Is(err, unix.ENOENT):
		if interpreter := interpreterOf(program); interpreter != "" {
			return failure(NotFound, "the interpreter of %s does not exist: %s", program, interpreter)
		}
		return failure(NotFound, "%s or the loader it needs does not exist", program)
	case errors.Is(err, unix.ENOEXEC):
		return failure(NotExecutable, "%s is neither a program of this machine nor a script with #!", program)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EISDIR), errors.Is(err, unix.EPERM):
		return failure(NotExecutable, "%s may not be executed by user %q: %v", program, bounded(user), err)
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.E2BIG), errors.Is(err, unix.ENAMETOOLONG):
		return failure(BadRequest, "the arguments or the environment of %s: %v", program, err)
	}
	return failure(Resources, "cannot start %s: %v", program, err)
}

func interpreterOf(script string) string {
	file, err := os.Open(script)
	if err != nil {
		return ""
	}
	defer file.Close()
	line, _ := bufio.NewReaderSize(file, 256).ReadSlice('\n')
	text, isScript := strings.CutPrefix(string(line), "#!")
	if !isScript {
		return ""
	}
	interpreter, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	return interpreter
}

// bounded keeps a message within what the protocol allows.
func bounded(text string) string {
	if len(text) > 256 {
		return strings.ToValidUTF8(text[:256], "") + "…"
	}
	return strings.ToValidUTF8(text, "?")
}
