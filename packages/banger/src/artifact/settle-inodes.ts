import { type FileHandle, open } from 'node:fs/promises';

/**
 * Makes an ext4 file the same for the same tree. `mkfs.ext4 -d` takes change and access times from the inodes of the
 * host, where they cannot be set; here each becomes the modification time. Files unpacked by a normal user belong to
 * that user; `owner: 'root'` gives all of them to root. Only for what `pack-tree.sh` made: without checksums over
 * inodes, which would have to be made anew. Offsets are those of the kernel's Documentation/filesystems/ext4.
 */
export async function settleInodes(
  file: string,
  { owner }: { readonly owner: 'root' | 'kept' },
): Promise<void> {
  await using handle = await open(file, 'r+');
  const layout = await readLayout(handle);
  for (const at of layout.inodeTables) {
    const table = await readExactly(handle, at, layout.inodesPerGroup * layout.inodeBytes);
    for (let start = 0; start < table.length; start += layout.inodeBytes) {
      settleInode(table.subarray(start, start + layout.inodeBytes), owner);
    }
    await handle.write(table, 0, table.length, at);
  }
}

interface Layout {
  readonly inodeBytes: number;
  readonly inodesPerGroup: number;
  /** Where each group's table starts, in bytes */
  readonly inodeTables: readonly number[];
}

const SUPERBLOCK_AT = 1024;
const MAGIC = 0xef53;
const RO_COMPAT_METADATA_CSUM = 0x400;
const INCOMPAT_64BIT = 0x80;

async function readLayout(handle: FileHandle): Promise<Layout> {
  const superblock = await readExactly(handle, SUPERBLOCK_AT, 1024);
  if (superblock.readUInt16LE(0x38) !== MAGIC) throw new Error('this is not an ext4 file system');
  if ((superblock.readUInt32LE(0x64) & RO_COMPAT_METADATA_CSUM) !== 0) {
    throw new Error('its inodes have checksums');
  }
  const blockBytes = 1024 << superblock.readUInt32LE(0x18);
  const firstBlock = superblock.readUInt32LE(0x14);
  const blocks = superblock.readUInt32LE(0x04) - firstBlock;
  const groups = Math.ceil(blocks / superblock.readUInt32LE(0x20));
  const is64Bit = (superblock.readUInt32LE(0x60) & INCOMPAT_64BIT) !== 0;
  const descriptorBytes = is64Bit ? superblock.readUInt16LE(0xfe) : 32;
  const descriptorsAt = (firstBlock + 1) * blockBytes;
  const descriptors = await readExactly(handle, descriptorsAt, groups * descriptorBytes);
  return {
    inodeBytes: superblock.readUInt16LE(0x58),
    inodesPerGroup: superblock.readUInt32LE(0x28),
    inodeTables: Array.from({ length: groups }, (_, group) => {
      const low = descriptors.readUInt32LE(group * descriptorBytes + 0x08);
      const high = is64Bit ? descriptors.readUInt32LE(group * descriptorBytes + 0x28) : 0;
      return (high * 2 ** 32 + low) * blockBytes;
    }),
  };
}

function settleInode(inode: Buffer, owner: 'root' | 'kept'): void {
  const isUsed = inode.readUInt16LE(0) !== 0;
  if (!isUsed) return;
  const seconds = inode.readUInt32LE(0x10);
  const epochBits = inode.readUInt32LE(0x88) & 3; // The rest of the extra field is nanoseconds.
  for (const at of [0x08, 0x0c, 0x90]) inode.writeUInt32LE(seconds, at);
  for (const at of [0x84, 0x88, 0x8c, 0x94]) inode.writeUInt32LE(epochBits, at);
  if (owner === 'kept') return;
  for (const at of [0x02, 0x18, 0x78, 0x7a]) inode.writeUInt16LE(0, at);
}

async function readExactly(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, at);
  if (bytesRead !== length) throw new Error(`it ends before byte ${String(at + length)}`);
  return buffer;
}
