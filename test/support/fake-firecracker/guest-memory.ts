import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';

const CHUNK_BYTES = 4 * 1024 * 1024;

/** A file of QEMU's that has no name (memory-backend-memfd) */
const NAMELESS = '/memfd:memory-backend-memfd';

/**
 * Opens the file that a loaded guest's memory is mapped from, privately. Firecracker only reads it. QEMU 7.2 opens it for
 * writing, which a jail may not, and with a balloon it writes, too: it punches holes into the file where the guest has freed
 * memory, also when that is mapped privately. Then it gets a copy, which has no name and ends with it.
 */
export function openMemory(file: string, { hasBalloon }: { readonly hasBalloon: boolean }): number {
  if (!hasBalloon && isWritable(file)) return openSync(file, 'r+');
  const copy = `${file}.copy`;
  const { status, stderr } = spawnSync('cp', ['--sparse=auto', '--reflink=auto', '--', file, copy]);
  if (status !== 0) throw new Error(`Failed to load guest memory: ${String(stderr)}`);
  chmodSync(copy, 0o600);
  const opened = openSync(copy, 'r+');
  rmSync(copy);
  return opened;
}

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
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
