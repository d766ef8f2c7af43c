import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';

const CHUNK_BYTES = 4 * 1024 * 1024;

/** A file of QEMU's that has no name (memory-backend-memfd) */
const NAMELESS = '/memfd:memory-backend-memfd';

/**
 * The file that a guest's memory is mapped from: Firecracker reads it only, QEMU 7.2 opens it for writing all the same, also
 * to map it privately. In a jail it may not: there a copy has to do.
 */
export function writableMemory(file: string): string {
  try {
    accessSync(file, constants.W_OK);
    return file;
  } catch {
    const copy = `${file}.copy`;
    copyFileSync(file, copy);
    chmodSync(copy, 0o600);
    return copy;
  }
}

/**
 * Writes a standing guest's memory as it lies at its addresses, every block of it, as Firecracker does: the file has no
 * hole. `inode` is that of the file that the memory began as, null for one without a name.
 */
export function writeMemory(
  pid: number,
  { inode, to }: { readonly inode: number | null; readonly to: string },
): void {
  const memory = openSync(`/proc/${String(pid)}/mem`, 'r');
  const file = openSync(to, 'w', 0o644);
  try {
    for (const { start, bytes, offset } of mappings(pid, inode)) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      for (let done = 0; done < bytes; done += CHUNK_BYTES) {
        const length = Math.min(CHUNK_BYTES, bytes - done);
        readSync(memory, chunk, 0, length, start + done);
        writeAll(file, chunk.subarray(0, length), offset + done);
      }
    }
  } finally {
    closeSync(file);
    closeSync(memory);
  }
}

function writeAll(file: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}

/** By proc(5)'s maps */
function mappings(pid: number, inode: number | null) {
  const lines = readFileSync(`/proc/${String(pid)}/maps`, 'utf8').split('\n');
  return lines.flatMap((line) => {
    const found = /^([0-9a-f]+)-([0-9a-f]+) rw-[ps] ([0-9a-f]+) \S+ (\d+) +(.*)$/.exec(line);
    if (found === null) return [];
    const [, first = '', last = '', at = '', node = '', name = ''] = found;
    if (inode === null ? !name.startsWith(NAMELESS) : Number(node) !== inode) return [];
    const start = parseInt(first, 16);
    return [{ start, bytes: parseInt(last, 16) - start, offset: parseInt(at, 16) }];
  });
}
