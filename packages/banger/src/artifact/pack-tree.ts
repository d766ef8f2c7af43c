import { join } from 'node:path';

import type { Command } from '../host/processes.ts';

export interface PackedTree {
  /** Of the tool, absolute */
  readonly mkfs: string;
  readonly tree: string;
  readonly file: string;
  /** Seconds; nothing in the file is newer */
  readonly epoch: number;
  readonly label: string;
}

/** Fixed, as the file is named by its content: two builds of the same tree are the same file. */
const FILE_SYSTEM_UUID = '5f0f7d2c-6b1e-4c55-9d3a-62616e676572';

/** Makes a read-only ext4 file out of a tree; `settleInodes` belongs after it. */
export function packTree({ mkfs, tree, file, epoch, label }: PackedTree): Command {
  const script = join(import.meta.dirname, 'pack-tree.sh');
  return [script, mkfs, tree, file, String(epoch), FILE_SYSTEM_UUID, label];
}
