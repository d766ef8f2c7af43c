import { constants, createWriteStream } from 'node:fs';
import { chmod, glob, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { BangerError } from '@banger/protocol/errors';

import type { BuildInfo } from '../build-info.ts';
import { replaceFile } from '../host/replace-file.ts';
import type { Change } from './run-changes.ts';

export interface ProgramSource {
  /** With `bin` and `dist` in it */
  readonly root: string;
  /** The Node that runs this */
  readonly node: string;
  readonly build: BuildInfo;
}

/** The bundle alone: maps and what a checkout has beside it are not run. */
const PARTS = [
  'bin/banger',
  'bin/bangerd',
  'dist/*.js',
  'dist/*.sh',
  'dist/*.cfg',
  'dist/banger-agent',
];
const NODE = 'node_modules/node/bin/node';
export const BUILD_FILE = 'build.json';

/**
 * A copy of the program that only root can change, because root runs it. It is made beside the present one and takes its
 * place whole; processes of the earlier one go on with the files they have open.
 */
export function copyProgram(source: ProgramSource, target: string): Change {
  const [made, earlier] = [`${target}.new`, `${target}.old`];
  let isSwapped = false;
  return {
    text: `Copying the program to ${target}`,
    async run() {
      await rm(made, { recursive: true, force: true });
      await rm(earlier, { recursive: true, force: true });
      await copyParts(source, made);
      await rename(target, earlier).catch(unlessAbsent);
      isSwapped = true;
      await rename(made, target);
    },
    async undo() {
      await rm(made, { recursive: true, force: true });
      if (!isSwapped) return;
      await rm(target, { recursive: true, force: true });
      await rename(earlier, target).catch(unlessAbsent);
    },
  };
}

/** When nothing will be undone any more. */
export async function forgetEarlierProgram(target: string): Promise<void> {
  await rm(`${target}.old`, { recursive: true, force: true });
}

async function copyParts({ root, node, build }: ProgramSource, target: string): Promise<void> {
  const paths = await Array.fromAsync(glob(PARTS, { cwd: root }));
  for (const path of paths.sort()) await copyPlain(join(root, path), join(target, path));
  await copyPlain(node, join(target, NODE));
  await replaceFile(join(target, BUILD_FILE), `${JSON.stringify(build)}\n`, 0o644);
}

/**
 * A link would have root read what its owner cannot, and put it where everybody can. It is copied by its bytes: Node's
 * `copyFile` also gives the copy to whom the original belongs to.
 */
async function copyPlain(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants; // A pipe would have it wait.
  const opened = await open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((cause: unknown) => {
    throw notPlain(from, cause);
  });
  const found = await opened.stat();
  if (!found.isFile()) {
    await opened.close();
    throw notPlain(from);
  }
  await pipeline(opened.createReadStream(), createWriteStream(to, { flags: 'wx' }));
  await chmod(to, (found.mode & 0o111) === 0 ? 0o644 : 0o755);
}

function notPlain(path: string, cause?: unknown): BangerError {
  return new BangerError('system.failed', `Cannot copy "${path}": it is not a plain file`, {
    cause,
    hint: 'make build',
  });
}

function unlessAbsent(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
