// Package users finds accounts in an image's /etc/passwd and /etc/group. The agent is static and must not ask the
// image's name services, so what only LDAP knows does not exist here.
package users

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// maxFileBytes bounds what is read of either file; an image is not trusted.
const maxFileBytes = 1 << 20

// User is whom a process runs as.
type User struct {
	Name   string
	UID    uint32
	GID    uint32
	Home   string
	Shell  string
	Groups []uint32
}

// ErrNoSuchUser is why a name cannot be resolved.
var ErrNoSuchUser = errors.New("no such user")

// Lookup resolves "name", "uid", "name:group" or "uid:gid"; empty is root. A number needs no account.
func Lookup(spec string) (User, error) {
	passwd, err := readBounded("/etc/passwd")
	if err != nil {
		return User{}, err
	}
	group, err := readBounded("/etc/group")
	if err != nil {
		return User{}, err
	}
	return resolve(spec, passwd, group)
}

// Account finds an account by its name and by nothing else: whom somebody may log in as. Root needs no account.
func Account(name string) (User, error) {
	user, err := Lookup(name)
	if err == nil && user.Name != name || name == "" || strings.Contains(name, ":") {
		return User{}, fmt.Errorf("%w: %q", ErrNoSuchUser, name)
	}
	return user, err
}

func readBounded(path string) (string, error) {
	// An image may have anything of that name; a pipe is not waited for.
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFileBytes))
	return string(content), err
}

func resolve(spec, passwd, group string) (User, error) {
	if spec == "" {
		spec = "0"
	}
	name, groupSpec, hasGroup := strings.Cut(spec, ":")
	user, found := findUser(passwd, name)
	if !found {
		uid, err := parseID(name)
		if name == "root" {
			uid, err = 0, nil // Also in an image without accounts.
		}
		if err != nil {
			return User{}, fmt.Errorf("%w: %q", ErrNoSuchUser, name)
		}
		user = User{Name: name, UID: uid, Home: "/"}
		if uid == 0 {
			user.Name, user.Home = "root", "/root"
		}
	}
	if hasGroup {
		gid, err := findGroup(group, groupSpec)
		if err != nil {
			return User{}, err
		}
		user.GID = gid
	}
	user.Groups = supplementary(group, user)
	return user, nil
}

// findUser takes the first line with that name, else the first one with that number.
func findUser(passwd, name string) (User, bool) {
	uid, uidErr := parseID(name)
	var byNumber *User
	for line := range strings.Lines(passwd) {
		user, ok := parseUser(line)
		switch {
		case !ok:
		case user.Name == name:
			return user, true
		case uidErr == nil && user.UID == uid && byNumber == nil:
			byNumber = &user
		}
	}
	if byNumber == nil {
		return User{}, false
	}
	return *byNumber, true
}

func parseUser(line string) (User, bool) {
	fields := strings.Split(strings.TrimRight(line, "\r\n"), ":")
	if len(fields) < 7 || fields[0] == "" {
		return User{}, false
	}
	uid, uidErr := parseID(fields[2])
	gid, gidErr := parseID(fields[3])
	if uidErr != nil || gidErr != nil {
		return User{}, false
	}
	return User{Name: fields[0], UID: uid, GID: gid, Home: fields[5], Shell: fields[6]}, true
}

func parseID(text string) (uint32, error) {
	id, err := strconv.ParseUint(text, 10, 32)
	// The kernel's "no change" is nobody's number.
	if err == nil && id == 1<<32-1 {
		err = strconv.ErrRange
	}
	return uint32(id), err
}
