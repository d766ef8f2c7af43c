package identity

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheInterfaceIsTheOneWithADevice(t *testing.T) {
	cases := []struct {
		name     string
		physical []string
		others   []string
		want     string
	}{
		{"not yet there", nil, []string{"lo"}, ""},
		{"under any name", []string{"enp0s3"}, []string{"lo", "docker0"}, "enp0s3"},
		{"eth0 first", []string{"ens1", "eth0"}, []string{"br0"}, "eth0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range c.physical {
				os.MkdirAll(filepath.Join(dir, name, "device"), 0o755)
			}
			for _, name := range c.others {
				os.MkdirAll(filepath.Join(dir, name), 0o755)
			}

			if got, err := findInterface(dir); err != nil || got != c.want {
				t.Fatal(got, err)
			}
		})
	}
}
