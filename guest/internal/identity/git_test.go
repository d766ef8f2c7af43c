package identity

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRootCommitsAsTheHostsUser(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".config/git/config")
	ana := GitIdentity{`Ana "the \ one" Ñandú; #1`, "ana@example.org"}

	for _, who := range []GitIdentity{{"Old", "old@example.org"}, ana, ana} {
		if err := who.writeTo(file); err != nil {
			t.Fatal(err)
		}
	}

	if got := gitSays(t, file, "user.name") + " " + gitSays(t, file, "user.email"); got != ana.Name+" "+ana.Email {
		t.Error(got)
	}
}

func TestAGitIdentityIsTakenBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "git/config")
	GitIdentity{"Ana", "ana@example.org"}.writeTo(file)

	err := GitIdentity{}.writeTo(file)

	if _, missing := os.Stat(file); err != nil || !os.IsNotExist(missing) {
		t.Fatal(err, missing)
	}
	if err := (GitIdentity{}).writeTo(file); err != nil {
		t.Fatal(err)
	}
}

func TestAGitConfigurationOfSomebodyElseStays(t *testing.T) {
	changed := string(GitIdentity{"Ana", "ana@example.org"}.file()) + "[core]\n\teditor = vi\n"
	for name, content := range map[string]string{"theirs": "[user]\n\tname = Me\n", "changed": changed, "empty": ""} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "config")
			os.WriteFile(file, []byte(content), 0o600)

			for _, who := range []GitIdentity{{"Bo", "bo@example.org"}, {}} {
				if err := who.writeTo(file); err != nil {
					t.Fatal(err)
				}
			}

			if got, _ := os.ReadFile(file); string(got) != content {
				t.Fatal(string(got))
			}
		})
	}
}

func TestALinkToAGitConfigurationStays(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(dir+"/dotfiles", GitIdentity{"Ana", ""}.file(), 0o644)
	os.Symlink("dotfiles", dir+"/config")

	err := GitIdentity{"Bo", "bo@example.org"}.writeTo(dir + "/config")

	if target, _ := os.Readlink(dir + "/config"); err != nil || target != "dotfiles" {
		t.Fatal(err, target)
	}
}

func gitSays(t *testing.T, file, key string) string {
	t.Helper()
	output, err := exec.Command("git", "config", "--file", file, key).Output()
	if err != nil {
		t.Skip("needs git")
	}
	return strings.TrimSuffix(string(output), "\n")
}
