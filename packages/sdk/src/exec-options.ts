import type { Writable } from 'node:stream';

import type { TerminalSize } from '@banger/protocol/exec';

/** Where output goes. A sink that returns a promise, or a stream that is full, slows the command down. */
export type Sink = Writable | ((chunk: Uint8Array) => void | Promise<void>);

/** Where input comes from; a stream is read only as fast as the command takes it. */
export type Source = string | Uint8Array | AsyncIterable<string | Uint8Array>;

/** How a command is run. */
export interface ExecOptions {
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Default: the image's, else the user's home */
  readonly cwd?: string | undefined;
  /** `name`, `uid`, `name:group` or `uid:gid`; default: the image's, else root */
  readonly user?: string | undefined;
  /**
   * Run as the image's main process: its ENTRYPOINT before the command (alone: with its CMD), or this list in its place.
   * Default: the command as it is
   */
  readonly entrypoint?: boolean | readonly string[] | undefined;
  /** Left out: the command reads an empty stdin */
  readonly stdin?: Source | undefined;
  /** The daemon kills the command after this long */
  readonly timeoutMs?: number | undefined;
  /** Kills the command; the call ends with the signal's reason */
  readonly signal?: AbortSignal | undefined;
}

/** `spawn`: output goes to sinks as it comes. */
export interface SpawnOptions extends ExecOptions {
  readonly stdout?: Sink | undefined;
  /** Nothing arrives here with a terminal, which has one output */
  readonly stderr?: Sink | undefined;
  readonly terminal?: { readonly size: TerminalSize; readonly term?: string } | undefined;
}

/** Resolves when the sink has taken the chunk. */
export function writeTo(sink: Sink | undefined, chunk: Uint8Array): void | Promise<void> {
  if (sink === undefined) return;
  if (typeof sink === 'function') return sink(chunk);
  return new Promise((resolve, reject) => {
    sink.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
