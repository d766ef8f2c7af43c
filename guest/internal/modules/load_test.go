package modules

import (
	"slices"
	"testing"
)

func TestParseList(t *testing.T) {
	got := parseList("# order matters\n/banger/modules/a.ko\n\n  /banger/modules/b.ko \n/banger/modules/c.ko")

	if want := []string{"/banger/modules/a.ko", "/banger/modules/b.ko", "/banger/modules/c.ko"}; !slices.Equal(got, want) {
		t.Fatal(got)
	}
}
