package identity

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path"
	"strings"
	"unicode"
)

// GitIdentity is who commits.
type GitIdentity struct {
	Name, Email string
}

// gitFile is the second of the two files that are "global" to git (git-config(1)): what a user or an image says in
// ~/.gitconfig counts more, so nothing of theirs is in the way.
const gitFile = "/root/.config/git/config"

const maxGitValue = 256

func (g GitIdentity) check() error {
	for _, value := range []string{g.Name, g.Email} {
		if len(value) > maxGitValue || strings.ContainsFunc(value, unicode.IsControl) {
			return fmt.Errorf("the git identity %.80q is too long, or not one line", value)
		}
	}
	return nil
}

// WriteGit gives root a git identity, or takes back one given before. A file that somebody else wrote, or changed, stays.
func (i Identity) WriteGit() error {
	return i.Git.writeTo(gitFile)
}

func (g GitIdentity) writeTo(file string) error {
	before, err := readPlain(file)
	if errors.Is(err, os.ErrNotExist) && g == (GitIdentity{}) {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) || err == nil && !isOurs(before) {
		return nil
	}
	if g == (GitIdentity{}) {
		return os.Remove(file)
	}
	content := g.file()
	if bytes.Equal(before, content) {
		return nil
	}
	if err := os.MkdirAll(path.Dir(file), 0o755); err != nil {
		return err
	}
	return Replace(file, content, 0o644)
}

// readPlain reads a file that is one; a link to one is its maker's business.
func readPlain(file string) ([]byte, error) {
	info, err := os.Lstat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > 1<<16 {
		return nil, errors.New("not a plain file")
	}
	return os.ReadFile(file)
}

const gitMark = "# The identity of the host's user, by banger. Changed by anybody else, it stays as it is. "

func (g GitIdentity) file() []byte {
	var lines strings.Builder
	lines.WriteString("[user]\n")
	if g.Name != "" {
		fmt.Fprintf(&lines, "\tname = %s\n", gitValue(g.Name))
	}
	if g.Email != "" {
		fmt.Fprintf(&lines, "\temail = %s\n", gitValue(g.Email))
	}
	return fmt.Appendf(nil, "%s%08x\n%s", gitMark, crc32.ChecksumIEEE([]byte(lines.String())), lines.String())
}

func isOurs(content []byte) bool {
	first, rest, _ := strings.Cut(string(content), "\n")
	return first == fmt.Sprintf("%s%08x", gitMark, crc32.ChecksumIEEE([]byte(rest)))
}

func gitValue(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}
