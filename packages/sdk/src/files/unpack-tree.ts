import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';

import { joinNames, pathOf, type ByteName } from '../tar/byte-name.ts';
import { ByteReader } from '../tar/byte-reader.ts';
import { badArchive, explainArchive } from './bad-archive.ts';
import { chooseTarget, type Wanted } from './choose-target.ts';
import { explainFile } from './file-errors.ts';
import { moveIntoPlace } from './move-into-place.ts';
import { readTar } from '../tar/read-tar.ts';
import { removeTree } from './remove-tree.ts';
import { TreeBuilder, type TreeLimits } from './tree-builder.ts';
import type { TarEntry } from '../tar/tar-entry.ts';

export interface UnpackOptions {
  readonly limits: TreeLimits;
  readonly signal: AbortSignal;
}

/**
 * Unpacks an archive of one thing, as `packTree` and the agent make them, and says where it came to be. The archive may be
 * hostile. It is unpacked into a directory beside the destination that only this user can enter and that only this call
 * writes to, so that nobody can put a link in the way, and every directory on the way to an entry is looked at before
 * it is used. What is whole is then moved to where it belongs; on any failure nothing is.
 */
export async function unpackTree(
  wanted: Wanted,
  archive: AsyncIterable<Uint8Array>,
  { limits, signal }: UnpackOptions,
): Promise<ByteName> {
  const reader = new ByteReader(archive);
  const entries = readTar(reader);
  let staging: ByteName | undefined;
  try {
    const first = await entries.next();
    if (first.done === true) throw badArchive('it is empty');
    if (!isTop(first.value)) throw badArchive('it does not begin with what was asked for');
    const target = chooseTarget(wanted, first.value.kind === 'directory');
    staging = makeStaging(target.stagingDir);
    const builder = new TreeBuilder(joinNames(staging, 'tree'), { limits, shown: target.path });
    await builder.add(first.value);
    for await (const entry of entries) {
      signal.throwIfAborted();
      await builder.add(entry);
    }
    signal.throwIfAborted();
    moveIntoPlace(joinNames(staging, 'tree'), target, builder.finish());
    return target.path;
  } catch (error) {
    throw explainArchive(error);
  } finally {
    await reader.close().catch(() => undefined); // It may be broken, which is told already.
    if (staging !== undefined) removeTree(staging);
  }
}

function isTop({ name }: TarEntry): boolean {
  return name === '.' || name === './';
}

/** For this user alone, with a name that nobody else has. */
function makeStaging(dir: ByteName): ByteName {
  const staging = joinNames(dir, `.banger-${randomBytes(8).toString('hex')}.part`);
  try {
    mkdirSync(pathOf(staging), 0o700);
    return staging;
  } catch (error) {
    throw explainFile('write', dir, error);
  }
}
