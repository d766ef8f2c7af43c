import { watch, type FSWatcher } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

import { unlessMissing } from './missing-files.ts';

export interface FollowOptions {
  readonly follow: boolean;
  readonly tail: number | undefined;
  readonly signal: AbortSignal;
}

const CHUNK_BYTES = 64 * 1024;

/**
 * The bytes of a log file: its last `tail` lines (all when undefined), then, with `follow`, what is appended until
 * `signal` aborts. A file that was cut short (bounded logs are) is read on from its new end. No file: no bytes.
 */
export async function* followFile(
  file: string,
  options: FollowOptions,
): AsyncGenerator<Uint8Array> {
  const { follow, tail, signal } = options;
  using changes = watchFile(file, signal);
  let handle = await open(file, 'r').catch(unlessMissing);
  try {
    let position = handle === undefined ? 0 : await tailStart(handle, tail);
    for (;;) {
      handle ??= await open(file, 'r').catch(unlessMissing);
      if (handle !== undefined) {
        const { size } = await handle.stat();
        if (size < position) position = 0;
        for await (const chunk of readFrom(handle, position)) {
          position += chunk.length;
          yield chunk;
        }
      }
      if (!follow || signal.aborted) return;
      await changes.next();
    }
  } finally {
    await handle?.close();
  }
}

async function* readFrom(handle: FileHandle, start: number): AsyncGenerator<Uint8Array> {
  for (let position = start; ;) {
    const { bytesRead, buffer } = await handle.read(
      Buffer.alloc(CHUNK_BYTES),
      0,
      CHUNK_BYTES,
      position,
    );
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** As far back as `tail` looks. */
const TAIL_BYTES = 1024 * 1024;

/** Offset of the first of the last `lines` lines, or of as many as the last MiB holds. */
async function tailStart(handle: FileHandle, lines: number | undefined): Promise<number> {
  if (lines === undefined) return 0;
  const { size } = await handle.stat();
  const start = Math.max(0, size - TAIL_BYTES);
  const { buffer, bytesRead } = await handle.read(
    Buffer.alloc(size - start),
    0,
    size - start,
    start,
  );
  const text = buffer.subarray(0, bytesRead);
  let at = text.at(-1) === 0x0a ? bytesRead - 1 : bytesRead;
  for (let left = lines; left > 0 && at >= 0; left -= 1) at = text.lastIndexOf(0x0a, at - 1);
  if (lines === 0) return size;
  return start + Math.max(0, at + 1);
}

interface Changes extends Disposable {
  /** Resolves at the next change, or when the signal aborts; a change since the last call counts */
  next(): Promise<void>;
}

/** Watches the directory, so that a file which does not exist yet is noticed too. */
function watchFile(file: string, signal: AbortSignal): Changes {
  let changed = Promise.withResolvers<undefined>();
  const wake = () => changed.resolve(undefined);
  const watcher: FSWatcher = watch(dirname(file), (_, name) => {
    if (name === basename(file)) wake();
  });
  watcher.on('error', wake);
  signal.addEventListener('abort', wake, { once: true });
  return {
    async next() {
      await changed.promise;
      changed = Promise.withResolvers();
      if (signal.aborted) wake();
    },
    [Symbol.dispose]() {
      watcher.close();
      signal.removeEventListener('abort', wake);
    },
  };
}
