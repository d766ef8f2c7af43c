import type { Disks } from './disks.ts';
import { smallerThanIs } from './smaller-than-is.ts';

const MIB = 1024 * 1024;
const EMPTY_FILE_SYSTEM_BYTES = 4 * MIB;

export interface FakeDisks extends Disks {
  /** Path to size in MiB and label */
  readonly disks: ReadonlyMap<string, FakeDisk>;
  /** A file that somebody else has made: a monitor's memory */
  put(file: string, disk: FakeDisk): void;
  /** What the rename of a directory does to the files in it */
  moveAll(fromDir: string, toDir: string): void;
  /** What the removal of a directory does to the files in it */
  removeAll(dir: string): void;
}

export interface FakeDisk {
  readonly mib: number;
  readonly label: string;
}

/** Disks that are only remembered. */
export function createFakeDisks(): FakeDisks {
  const disks = new Map<string, FakeDisk>();
  const existing = (file: string): FakeDisk => {
    const disk = disks.get(file);
    if (disk === undefined) throw new Error(`ENOENT: no such file or directory, stat '${file}'`);
    return disk;
  };
  const filesIn = (dir: string): readonly string[] =>
    [...disks.keys()].filter((file) => file.startsWith(`${dir}/`));
  return {
    disks,
    put(file, disk) {
      disks.set(file, disk);
    },
    moveAll(fromDir, toDir) {
      for (const file of filesIn(fromDir)) {
        disks.set(`${toDir}${file.slice(fromDir.length)}`, existing(file));
        disks.delete(file);
      }
    },
    removeAll(dir) {
      for (const file of filesIn(dir)) disks.delete(file);
    },
    async make(file, { mib, label, signal }) {
      signal.throwIfAborted();
      await Promise.resolve();
      disks.set(file, { mib, label });
    },
    async copy(files, signal) {
      signal.throwIfAborted();
      await Promise.resolve();
      const copies = files.map(({ from, to }) => [to, existing(from)] as const);
      for (const [to, disk] of copies) disks.set(to, disk);
    },
    async move({ from, to }) {
      await Promise.resolve();
      const disk = existing(from);
      disks.delete(from);
      disks.set(to, disk);
    },
    async grow(file, mib) {
      await Promise.resolve();
      const disk = existing(file);
      if (mib < disk.mib) {
        throw smallerThanIs(file, { mib, hasMib: disk.mib });
      }
      disks.set(file, { ...disk, mib });
    },
    async usage(file) {
      await Promise.resolve();
      const disk = disks.get(file);
      return (
        disk && {
          apparentBytes: disk.mib * MIB,
          allocatedBytes: Math.min(EMPTY_FILE_SYSTEM_BYTES, disk.mib * MIB),
        }
      );
    },
    async remove(file) {
      await Promise.resolve();
      disks.delete(file);
    },
  };
}
