import type { Disks } from './disks.ts';
import { smallerThanIs } from './smaller-than-is.ts';

const MIB = 1024 * 1024;
const EMPTY_FILE_SYSTEM_BYTES = 4 * MIB;

export interface FakeDisks extends Disks {
  /** Path to size in MiB and label */
  readonly disks: ReadonlyMap<string, FakeDisk>;
}

export interface FakeDisk {
  readonly mib: number;
  readonly label: string;
}

/** Disks that are only remembered. */
export function createFakeDisks(): FakeDisks {
  const disks = new Map<string, FakeDisk>();
  return {
    disks,
    async make(file, { mib, label, signal }) {
      signal.throwIfAborted();
      await Promise.resolve();
      disks.set(file, { mib, label });
    },
    async grow(file, mib) {
      await Promise.resolve();
      const disk = disks.get(file);
      if (disk === undefined) throw new Error(`ENOENT: no such file or directory, stat '${file}'`);
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
