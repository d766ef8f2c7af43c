import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { ContextId, type SentContext } from '@banger/protocol/build';
import { BangerError } from '@banger/protocol/errors';

import { createWorkDirs } from '../../artifact/work-dirs.ts';
import type { Clock } from '../../host/clock.ts';
import { explainFileError } from '../../host/file-errors.ts';
import type { FileNode } from '../../rootfs/file-tree.ts';
import { mergeLayers } from '../../rootfs/layers/merge-layers.ts';
import type { LayerFile } from '../../rootfs/root-disks.ts';
import { compressionOf } from '../oci/layer-file.ts';
import { digestFiles, type ReceivedContext } from './received-context.ts';

/** Files that clients have sent and no build has taken yet. Disposing it removes them. */
export interface BuildContexts extends AsyncDisposable {
  /** Keeps a tar, plain or compressed. Rejects with `image.bad_content` when it is none, with nothing left of it. */
  receive(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<SentContext>;
  /** The caller's from now on. Throws `build.no_context` when it is not here. */
  take(id: ContextId): ReceivedContext;
}

/** One that no build takes goes after this long */
const UNTAKEN_MS = 10 * 60_000;
const FILE = 'context.tar';

export function createContexts(options: {
  /** The daemon's `builds` */
  readonly dir: string;
  readonly clock: Clock;
}): BuildContexts {
  const { dir, clock } = options;
  const workDirs = createWorkDirs(dir, 'context');
  const waiting = new Map<ContextId, ReceivedContext & { readonly forget: AbortController }>();

  async function expire(id: ContextId, signal: AbortSignal): Promise<void> {
    try {
      await clock.wait(UNTAKEN_MS, signal);
    } catch {
      return; // A build has taken it.
    }
    const context = waiting.get(id);
    waiting.delete(id);
    await context?.[Symbol.asyncDispose]();
  }

  return {
    async receive(bytes, signal) {
      await using cleanup = new AsyncDisposableStack();
      const work = cleanup.use(await workDirs.make());
      const path = join(work.path, FILE);
      const compression = await store(bytes, path, signal);
      const file: LayerFile = { path, compression };
      const root = await mergeLayers({ layers: [file], plainNames: true }, signal);
      const digestOf = await digestFiles(root, signal);
      const id = ContextId.parse(`ctx_${randomBytes(8).toString('hex')}`);
      const forget = new AbortController();
      const owned = cleanup.move(); // Of whoever takes it, or of the clock.
      waiting.set(id, {
        ...{ root, digestOf, forget },
        [Symbol.asyncDispose]: () => owned.disposeAsync(),
      });
      void expire(id, forget.signal);
      return { context: id, entryCount: countOf(root) - 1 };
    },
    take(id) {
      const context = waiting.get(id);
      if (context === undefined) {
        throw new BangerError('build.no_context', 'Cannot build: the files sent for it are gone', {
          hint: 'Send them again',
        });
      }
      waiting.delete(id);
      context.forget.abort();
      return context;
    },
    async [Symbol.asyncDispose]() {
      const left = [...waiting.values()];
      waiting.clear();
      for (const context of left) {
        context.forget.abort();
        await context[Symbol.asyncDispose]();
      }
    },
  };
}

async function store(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
  signal: AbortSignal,
): Promise<LayerFile['compression']> {
  let head = Buffer.alloc(0);
  const seen = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      if (head.length < 4) head = Buffer.concat([head, chunk.subarray(0, 4)]);
      yield chunk;
    }
  };
  try {
    await pipeline(bytes, seen, createWriteStream(path, { mode: 0o600 }), { signal });
  } catch (error) {
    throw explainFileError(error, 'Cannot keep the build context');
  }
  return compressionOf(head);
}

function countOf(node: FileNode): number {
  if (node.kind !== 'directory') return 1;
  return [...node.children.values()].reduce((sum, child) => sum + countOf(child), 1);
}
