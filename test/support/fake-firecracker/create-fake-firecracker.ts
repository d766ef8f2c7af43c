import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { build } from 'esbuild';

import { nodeForAll } from '../node-for-all.ts';
import { readApiDescription } from './api-description.ts';
import type { FaultInput } from './faults.ts';

export interface FakeFirecrackerOptions {
  /** Where its files go; made when missing */
  readonly dir: string;
  /** "1.13.1" */
  readonly version?: string;
  readonly faults?: readonly FaultInput[];
  /** False where there are no taps: cards are connected to nothing, and any name is good */
  readonly taps?: boolean;
  readonly qemu?: string;
}

export interface FakeFirecracker {
  /** To be run as `firecracker` */
  readonly binary: string;
  /** From the next request of every process on */
  setFaults(faults: readonly FaultInput[]): Promise<void>;
}

/** Makes a program that can be taken for Firecracker of that version. Nothing of it runs until somebody starts it. */
export async function createFakeFirecracker({
  dir,
  version = '1.16.1',
  faults = [],
  taps = true,
  qemu = 'qemu-system-x86_64',
}: FakeFirecrackerOptions): Promise<FakeFirecracker> {
  await mkdir(dir, { recursive: true });
  const program = join(dir, 'program.mjs');
  // In one file it starts in a fifth of the time.
  await build({
    entryPoints: [join(import.meta.dirname, 'program.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  await writeFile(join(dir, 'firecracker-api.json'), JSON.stringify(readApiDescription()));
  await writeFile(join(dir, 'settings.json'), JSON.stringify({ version, taps, qemu }));
  const setFaults = async (wanted: readonly FaultInput[]) => {
    const next = join(dir, 'faults.json.new');
    await writeFile(next, JSON.stringify(wanted));
    await rename(next, join(dir, 'faults.json'));
  };
  await setFaults(faults);
  const binary = join(dir, 'firecracker');
  const node = await nodeForAll(dir);
  await writeFile(binary, `#!/bin/sh\nexec '${node}' '${program}' "$@"\n`);
  await chmod(binary, 0o755);
  return { binary, setFaults };
}
