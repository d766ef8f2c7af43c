import { once } from 'node:events';
import { watch } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';

import type { Clock } from '../host/clock.ts';

/** A socket is created before it listens, and the second is no event in its directory. */
const RETRY_MS = 10;

/** Connects to a socket that somebody is about to create; tries until `signal` aborts. The caller owns the result. */
export async function awaitSocket(
  path: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<Socket> {
  using changes = watchDirectory(dirname(path));
  for (;;) {
    const changed = changes.next();
    const socket = await tryConnect(path, signal);
    if (socket !== undefined) return socket;
    const retry = new AbortController();
    const waiting = AbortSignal.any([signal, retry.signal]);
    await Promise.race([changed, clock.wait(RETRY_MS, waiting)]);
    retry.abort();
  }
}

/** Where it cannot be watched (a limit of the host, the directory is gone) nothing ever changes, and the retry is left. */
function watchDirectory(path: string): Disposable & { next(): Promise<unknown> } {
  let change = Promise.withResolvers<undefined>();
  const next = () => change.promise;
  try {
    const watcher = watch(path, () => {
      change.resolve(undefined);
      change = Promise.withResolvers();
    });
    watcher.on('error', () => undefined);
    return { next, [Symbol.dispose]: () => watcher.close() };
  } catch {
    return { next, [Symbol.dispose]: () => undefined };
  }
}

/** Undefined when nobody listens there. */
export async function tryConnect(path: string, signal: AbortSignal): Promise<Socket | undefined> {
  signal.throwIfAborted();
  const socket = connect({ path });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}
