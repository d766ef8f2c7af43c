package identity

import (
	"os"
	"path/filepath"
	"testing"
)

func TestEntropyPoolIsTheKernelsStruct(t *testing.T) {
	pool := entropyPool([]byte{1, 2, 3, 4, 5})

	if pool[0] != 40 || pool[4] != 5 || pool[8] != 1 || pool[12] != 5 || len(pool) != 16 {
		t.Fatal(pool)
	}
}

func TestTheRandomSeedIsRenewedWhereThereIsOne(t *testing.T) {
	dir := t.TempDir()
	seed, none := filepath.Join(dir, "random-seed"), filepath.Join(dir, "none")
	os.WriteFile(seed, []byte("template's"), 0o600)

	err, noneErr := replaceRandomSeed(seed), replaceRandomSeed(none)

	content, _ := os.ReadFile(seed)
	_, statErr := os.Stat(none)
	if err != nil || noneErr != nil || len(content) != randomSeedBytes || statErr == nil {
		t.Fatal(err, noneErr, len(content), statErr)
	}
}
