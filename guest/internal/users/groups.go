package users

import (
	"fmt"
	"slices"
	"strings"
)

// maxGroups is the kernel's NGROUPS_MAX.
const maxGroups = 65536

type group struct {
	name    string
	gid     uint32
	members []string
}

func parseGroup(line string) (group, bool) {
	fields := strings.Split(strings.TrimRight(line, "\r\n"), ":")
	if len(fields) < 4 || fields[0] == "" {
		return group{}, false
	}
	gid, err := parseID(fields[2])
	if err != nil {
		return group{}, false
	}
	return group{fields[0], gid, strings.Split(fields[3], ",")}, true
}

func findGroup(file, spec string) (uint32, error) {
	for line := range strings.Lines(file) {
		if g, ok := parseGroup(line); ok && g.name == spec {
			return g.gid, nil
		}
	}
	gid, err := parseID(spec)
	if err != nil {
		return 0, fmt.Errorf("%w: group %q", ErrNoSuchUser, spec)
	}
	return gid, nil
}

// supplementary lists the groups that name the user as a member, the primary one first.
func supplementary(file string, user User) []uint32 {
	groups := []uint32{user.GID}
	for line := range strings.Lines(file) {
		g, ok := parseGroup(line)
		if ok && slices.Contains(g.members, user.Name) && !slices.Contains(groups, g.gid) && len(groups) < maxGroups {
			groups = append(groups, g.gid)
		}
	}
	return groups
}
