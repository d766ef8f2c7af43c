import { mkdir, readFile, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import { unlessMissing } from '../host/missing-files.ts';
import { replaceFile } from '../host/replace-file.ts';
import type { Change } from './run-changes.ts';

/** Files of these contents, readable by all and each put in place as a whole; what was there comes back by `undo`. */
export function writeFiles(text: string, contents: Readonly<Record<string, string>>): Change {
  const earlier = new Map<string, string | undefined>();
  const made = new Set<string>();
  return {
    text,
    async run() {
      for (const [path, content] of Object.entries(contents)) {
        if (!earlier.has(path)) earlier.set(path, await readEarlier(path));
        if ((await mkdir(dirname(path), { recursive: true, mode: 0o755 })) !== undefined)
          made.add(dirname(path));
        await replaceFile(path, content, 0o644);
      }
    },
    async undo() {
      for (const [path, content] of earlier) {
        if (content !== undefined) await replaceFile(path, content, 0o644);
        else await rm(path, { force: true });
      }
      for (const dir of made) await removeIfEmpty(dir);
    },
  };
}

async function readEarlier(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8').catch(unlessMissing);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BangerError('system.failed', `Cannot replace "${path}": ${why}`, {
      cause: error,
      hint: `ls -ld ${path}`,
    });
  }
}

/** A directory that something else is in stays. */
export async function removeIfEmpty(dir: string): Promise<void> {
  await rmdir(dir).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY') throw error;
  });
}
