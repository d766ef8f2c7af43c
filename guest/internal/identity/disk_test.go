package identity

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

func superblock(blocks uint64, logBlock, features uint32) (block [superblockLength]byte) {
	little := binary.LittleEndian
	little.PutUint16(block[0x38:], superblockMagic)
	little.PutUint32(block[0x18:], logBlock)
	little.PutUint32(block[0x60:], features)
	little.PutUint32(block[0x4:], uint32(blocks))
	little.PutUint32(block[0x150:], uint32(blocks>>32))
	return block
}

func TestSuperblockTellsTheSize(t *testing.T) {
	cases := []struct {
		name  string
		block [superblockLength]byte
		want  extent
	}{
		{"4 KiB blocks", superblock(1000, 2, feature64Bit), extent{1000, 4096}},
		{"more than 2^32 blocks", superblock(1<<33, 2, feature64Bit), extent{1 << 33, 4096}},
		{"without 64bit, the upper half says nothing", superblock(1<<33|7, 0, 0), extent{7, 1024}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got, err := parseSuperblock(c.block); err != nil || got != c.want {
				t.Fatal(got, err)
			}
		})
	}
}

func TestSuperblockOfSomethingElse(t *testing.T) {
	huge := superblock(1, 200, 0)
	for _, block := range [][superblockLength]byte{{}, huge} {
		if got, err := parseSuperblock(block); err == nil {
			t.Fatal(got)
		}
	}
}

func TestADiskThatIsLargeEnoughIsLeftAlone(t *testing.T) {
	device := filepath.Join(t.TempDir(), "vdb")
	block := superblock(16, 2, feature64Bit)
	content := make([]byte, 16*4096)
	copy(content[superblockOffset:], block[:])
	os.WriteFile(device, content, 0o600)
	disk := Disk{Name: "work", Device: device, Dir: "/no/such/directory"}

	for _, bytes := range []uint64{0, 4096, 16 * 4096, 1 << 40} {
		if err := disk.Grow(bytes); err != nil {
			t.Fatal(bytes, err)
		}
	}
	if size, err := disk.Bytes(); err != nil || size != 16*4096 {
		t.Fatal(size, err)
	}
}

func TestADiskThatIsMountedNoMoreIsNotGrown(t *testing.T) {
	dir := t.TempDir()
	device := filepath.Join(dir, "vdb")
	block := superblock(8, 2, feature64Bit)
	content := make([]byte, 16*4096)
	copy(content[superblockOffset:], block[:])
	os.WriteFile(device, content, 0o600)

	if err := (Disk{Name: "work", Device: device, Dir: dir}).Grow(0); err == nil {
		t.Fatal("grown")
	}
}
