import {
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import { explainFileError } from '../host/file-errors.ts';
import { SavedManifest, type SavedPaths, type SavedStates } from './saved-states.ts';

const BLOCK_BYTES = 512; // The unit of stat(2)'s st_blocks, whatever the file system's own.
const MIB = 1024 * 1024;

export function createSavedStates(): SavedStates {
  return {
    pathsIn,
    async begin(dir) {
      const draft = `${dir}.new`;
      try {
        await rm(draft, { recursive: true, force: true });
        await mkdir(draft, { recursive: true, mode: 0o700 });
      } catch (error) {
        throw explainFileError(error, `Cannot make directory "${draft}"`);
      }
      return pathsIn(draft);
    },
    async commit(draft, dir, manifest) {
      try {
        await writeFile(join(draft.dir, 'manifest.json'), JSON.stringify(manifest), {
          mode: 0o600,
        });
        const files = (await readdir(draft.dir)).map((name) => join(draft.dir, name));
        await Promise.all([...files, draft.dir].map(sync));
        await discard(dir);
        await rename(draft.dir, dir);
        await sync(dirname(dir));
        return await allocated(dir);
      } catch (error) {
        throw explainFileError(error, `Cannot save "${dir}"`);
      }
    },
    async link(fromDir, draft) {
      const from = pathsIn(fromDir);
      await link(from.memory, draft.memory);
      await link(from.state, draft.state);
    },
    async read(dir) {
      const manifest = await readManifest(dir);
      if (manifest === undefined) return undefined;
      const { memory, state } = pathsIn(dir);
      const [memoryBytes, stateBytes] = await Promise.all([sizeOf(memory), sizeOf(state)]);
      if (memoryBytes !== manifest.memoryMib * MIB) throw unusable(memory, memoryBytes);
      if (stateBytes === undefined || stateBytes === 0) throw unusable(state, stateBytes);
      return manifest;
    },
    async remove(dir) {
      await discard(dir);
      await rm(`${dir}.new`, { recursive: true, force: true });
    },
    async keepOnly(parent, names) {
      const others = (await namesIn(parent)).filter((name) => !names.includes(name));
      for (const name of others) await rm(join(parent, name), { recursive: true, force: true });
    },
  };
}

function pathsIn(dir: string): SavedPaths {
  return {
    dir,
    memory: join(dir, 'memory'),
    state: join(dir, 'state'),
    overlayDisk: join(dir, 'overlay.ext4'),
    workDisk: join(dir, 'work.ext4'),
  };
}

async function readManifest(dir: string): Promise<SavedManifest | undefined> {
  const file = join(dir, 'manifest.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return SavedManifest.parse(JSON.parse(text));
  } catch (cause) {
    throw new BangerError('vm.state_unusable', `"${file}" cannot be read`, { cause });
  }
}

/** The old name is free from the first moment on, so that a crash leaves nothing that could be taken for whole. */
async function discard(dir: string): Promise<void> {
  const aside = `${dir}.old`;
  await rm(aside, { recursive: true, force: true });
  try {
    await rename(dir, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function sync(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

async function allocated(dir: string): Promise<number> {
  const stats = await Promise.all((await readdir(dir)).map((name) => stat(join(dir, name))));
  return stats.reduce((sum, { blocks }) => sum + blocks * BLOCK_BYTES, 0);
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function unusable(file: string, sizeBytes: number | undefined): BangerError {
  const what = sizeBytes === undefined ? 'is missing' : `has ${String(sizeBytes)} bytes`;
  return new BangerError('vm.state_unusable', `"${file}" ${what}`);
}
