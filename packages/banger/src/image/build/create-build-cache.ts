import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { explainFileError } from '../../host/file-errors.ts';
import { unlessMissing } from '../../host/missing-files.ts';
import { removeFiles } from '../../host/remove-files.ts';
import { CachedStep, type BuildCache } from './build-cache.ts';

/** `<key>.json` below `dir`. What is no such file, or damaged, is as good as missing. */
export function createBuildCache(dir: string): BuildCache {
  const fileOf = (key: string) => join(dir, `${key}.json`);
  return {
    async find(key) {
      const text = await readFile(fileOf(key), 'utf8').catch(unlessMissing);
      return text === undefined ? undefined : read(text);
    },
    async keep(key, step) {
      const partial = join(dir, `.${randomUUID()}`);
      try {
        await mkdir(dir, { recursive: true, mode: 0o700 });
        await writeFile(partial, JSON.stringify(step));
        await rename(partial, fileOf(key));
      } catch (error) {
        await rm(partial, { force: true });
        throw explainFileError(error, 'Cannot keep a step of a build');
      }
    },
    async prune(options) {
      const names = (await readdir(dir).catch(unlessMissing)) ?? [];
      return await removeFiles(
        names.map((name) => join(dir, name)),
        options,
      );
    },
  };
}

function read(text: string): CachedStep | undefined {
  try {
    return CachedStep.parse(JSON.parse(text));
  } catch {
    return undefined; // Of a crash in mid-write, or of a later banger.
  }
}
