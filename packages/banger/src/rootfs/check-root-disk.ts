import { open } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

const SUPERBLOCK_AT = 1024;
const SUPERBLOCK_BYTES = 1024;
const MAGIC = 0xef53;
const INCOMPAT_RECOVER = 0x4;
const INCOMPAT_64BIT = 0x80;
const LARGEST_BLOCK = 6;

/** What people take for a root file system: where its mark is, and what to do about it. */
const otherForms = [
  {
    at: 0,
    mark: Buffer.from('QFI\xfb', 'latin1'),
    what: 'a qcow2 disk',
    hint: 'qemu-img convert -O raw, then take the partition out of it',
  },
  { at: 0, mark: Buffer.from('hsqs'), what: 'squashfs', hint: 'unsquashfs, then mkfs.ext4 -d' },
  { at: 0, mark: Buffer.from('XFSB'), what: 'XFS', hint: 'Copy its files into an ext4 file' },
  {
    at: 0x10040,
    mark: Buffer.from('_BHRfS_M'),
    what: 'btrfs',
    hint: 'Copy its files into an ext4 file',
  },
  {
    at: 1024,
    mark: Buffer.from([0xe2, 0xe1, 0xf5, 0xe0]),
    what: 'EROFS',
    hint: 'Copy its files into an ext4 file',
  },
  {
    at: 512,
    mark: Buffer.from('EFI PART'),
    what: 'a disk with partitions',
    hint: 'fdisk -l shows them; dd the one of the root file system into a file',
  },
  {
    at: 510,
    mark: Buffer.from([0x55, 0xaa]),
    what: 'a disk with partitions',
    hint: 'fdisk -l shows them; dd the one of the root file system into a file',
  },
] as const;

/**
 * Whether a guest can mount this file as its root: an ext4 that is whole and was unmounted. Only its superblock is looked at
 * (Linux, Documentation/filesystems/ext4/super.rst).
 *
 * @throws BangerError `image.bad_content`
 */
export async function checkRootDisk(path: string, what: string): Promise<void> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const superblock = Buffer.alloc(SUPERBLOCK_BYTES);
  await file.read(superblock, 0, SUPERBLOCK_BYTES, SUPERBLOCK_AT);
  if (superblock.readUInt16LE(0x38) !== MAGIC) {
    for (const { at, mark, what: form, hint } of otherForms) {
      const { buffer } = await file.read(Buffer.alloc(mark.length), 0, mark.length, at);
      if (buffer.equals(mark))
        throw refusal(what, `it is ${form}, and a root file system has to be ext4`, hint);
    }
    throw refusal(what, 'it is no ext4 file system');
  }
  const logBlockBytes = superblock.readUInt32LE(0x18);
  if (logBlockBytes > LARGEST_BLOCK) throw refusal(what, 'its superblock is damaged');
  const incompat = superblock.readUInt32LE(0x60);
  const high = (incompat & INCOMPAT_64BIT) === 0 ? 0 : superblock.readUInt32LE(0x150);
  const bytes = (high * 2 ** 32 + superblock.readUInt32LE(0x04)) * (1024 << logBlockBytes);
  if (bytes > size) {
    throw refusal(what, `its file system has ${String(bytes)} bytes and the file ${String(size)}`);
  }
  if ((incompat & INCOMPAT_RECOVER) !== 0) {
    throw refusal(
      what,
      'it was not unmounted, and its journal has to be replayed first',
      `e2fsck -p ${path}`,
    );
  }
}

function refusal(what: string, fact: string, hint?: string): BangerError {
  return new BangerError('image.bad_content', `Cannot use ${what}: ${fact}`, { hint });
}
