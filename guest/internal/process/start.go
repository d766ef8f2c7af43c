package process

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"banger.dev/guest/internal/dirs"
	"banger.dev/guest/internal/users"
)

// start runs the spec. Its error is always a *Failure.
func start(spec Spec) (*Process, error) {
	prepared, why := prepare(spec)
	if why != nil {
		return nil, why
	}
	files, err := openFiles(spec)
	if err != nil {
		return nil, failure(Resources, "cannot open standard input and output: %v", err)
	}
	defer files.closeChildEnds()
	files.giveTo(prepared.user.UID, prepared.user.GID)
	pidfd := -1
	prepared.attributes.PidFD = &pidfd
	pid, err := syscall.ForkExec(prepared.program, spec.Argv, &syscall.ProcAttr{
		Dir:   prepared.cwd,
		Env:   prepared.env,
		Files: files.descriptors(),
		Sys:   prepared.attributes,
	})
	if err != nil {
		files.closeOurEnds()
		return nil, startFailure(prepared.program, prepared.user.Name, err)
	}
	return newProcess(pid, pidfd, files, unix.Signal(spec.StopSignal)), nil
}

type preparation struct {
	program, cwd string
	user         users.User
	env          []string
	attributes   *syscall.SysProcAttr
}

func prepare(spec Spec) (preparation, *Failure) {
	if why := check(spec); why != nil {
		return preparation{}, why
	}
	user, err := users.Lookup(spec.User)
	if err != nil {
		return preparation{}, failure(NoSuchUser, "%s", bounded(err.Error()))
	}
	cwd, why := workingDirectory(spec, user)
	if why != nil {
		return preparation{}, why
	}
	name := spec.Program
	if name == "" {
		name = spec.Argv[0]
	}
	program, why := lookup(name, searchPath(spec), cwd)
	if why != nil {
		return preparation{}, why
	}
	attributes := &syscall.SysProcAttr{Setsid: true, Setctty: spec.Terminal != nil}
	// Only root can become somebody; without root (in tests) the kernel would refuse even the same user.
	if os.Geteuid() == 0 {
		attributes.Credential = &syscall.Credential{Uid: user.UID, Gid: user.GID, Groups: user.Groups}
	}
	return preparation{program, cwd, user, environment(spec, user), attributes}, nil
}

func check(spec Spec) *Failure {
	if len(spec.Argv) == 0 {
		return failure(BadRequest, "argv is empty")
	}
	for _, argument := range spec.Argv {
		if strings.ContainsRune(argument, 0) {
			return failure(BadRequest, "an argument contains a NUL byte")
		}
	}
	for name, value := range spec.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
			return failure(BadRequest, "the environment variable %q cannot exist", bounded(name))
		}
	}
	return nil
}

func workingDirectory(spec Spec, user users.User) (string, *Failure) {
	if spec.Cwd == "" && spec.ImageDir != "" {
		return imageDirectory(spec.ImageDir)
	}
	if spec.Cwd == "" {
		if info, err := os.Stat(user.Home); err == nil && info.IsDir() && filepath.IsAbs(user.Home) {
			return user.Home, nil
		}
		return "/", nil
	}
	if !filepath.IsAbs(spec.Cwd) || strings.ContainsRune(spec.Cwd, 0) {
		return "", failure(BadCwd, "the working directory %q is not an absolute path", bounded(spec.Cwd))
	}
	info, err := os.Stat(spec.Cwd)
	if err != nil {
		return "", failure(BadCwd, "cannot enter the working directory: %s", bounded(err.Error()))
	}
	if !info.IsDir() {
		return "", failure(BadCwd, "the working directory %s is not a directory", bounded(spec.Cwd))
	}
	return spec.Cwd, nil
}

// imageDirectory makes what an image names and does not have, as container engines do.
func imageDirectory(dir string) (string, *Failure) {
	if !filepath.IsAbs(dir) || strings.ContainsRune(dir, 0) {
		return "", failure(BadCwd, "the image's working directory %q is not an absolute path", bounded(dir))
	}
	if err := dirs.Make(dir, 0o755); err != nil {
		return "", failure(BadCwd, "cannot make the image's working directory: %s", bounded(err.Error()))
	}
	return dir, nil
}
