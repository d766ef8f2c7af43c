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

import { allocatedBytes } from '../host/allocated-bytes.ts';
import { explainFileError } from '../host/file-errors.ts';
import { machineFilesIn } from '../host/machine-files.ts';
import { unlessMissing } from '../host/missing-files.ts';
import { SavedManifest, type SavedStates } from './saved-states.ts';

const MIB = 1024 * 1024;

export function createSavedStates(): SavedStates {
  return {
    pathsIn: machineFilesIn,
    async begin(dir) {
      const draft = `${dir}.new`;
      try {
        await rm(draft, { recursive: true, force: true });
        await mkdir(draft, { recursive: true, mode: 0o700 });
      } catch (error) {
        throw explainFileError(error, `Cannot make directory "${draft}"`);
      }
      return machineFilesIn(draft);
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
      const from = machineFilesIn(fromDir);
      await link(from.memory, draft.memory);
      await link(from.state, draft.state);
    },
    async read(dir) {
      const manifest = await readManifest(dir);
      if (manifest === undefined) return undefined;
      const { memory, state } = machineFilesIn(dir);
      const sizes = [memory, state].map((file) => stat(file).catch(unlessMissing));
      const [memoryBytes, stateBytes] = (await Promise.all(sizes)).map((found) => found?.size);
      if (memoryBytes !== manifest.memoryMib * MIB) throw unusable(memory, memoryBytes);
      if (stateBytes === undefined || stateBytes === 0) throw unusable(state, stateBytes);
      return manifest;
    },
    async remove(dir) {
      await discard(dir);
      await rm(`${dir}.new`, { recursive: true, force: true });
    },
    async keepOnly(parent, names) {
      const present = (await readdir(parent).catch(unlessMissing)) ?? [];
      const others = present.filter((name) => !names.includes(name));
      for (const name of others) await rm(join(parent, name), { recursive: true, force: true });
    },
  };
}

async function readManifest(dir: string): Promise<SavedManifest | undefined> {
  const file = join(dir, 'manifest.json');
  const text = await readFile(file, 'utf8').catch(unlessMissing);
  if (text === undefined) return undefined;
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
  await rename(dir, aside).catch(unlessMissing);
  await rm(aside, { recursive: true, force: true });
}

async function sync(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

async function allocated(dir: string): Promise<number> {
  const stats = await Promise.all((await readdir(dir)).map((name) => stat(join(dir, name))));
  return stats.reduce((sum, file) => sum + allocatedBytes(file), 0);
}

function unusable(file: string, sizeBytes: number | undefined): BangerError {
  const what = sizeBytes === undefined ? 'is missing' : `has ${String(sizeBytes)} bytes`;
  return new BangerError('vm.state_unusable', `"${file}" ${what}`);
}
