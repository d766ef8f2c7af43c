import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

import { BangerError } from '@banger/protocol/errors';
import { fromWireError } from '@banger/protocol/wire-error';

import { orAbort } from '../host/or-abort.ts';
import { boundedLines } from './bounded-lines.ts';
import {
  HelperAnswer,
  HelperGreeting,
  MAX_ANSWER_BYTES,
  type HelperCall,
} from './helper-protocol.ts';
import type { JailCall } from './jail-protocol.ts';

/** The way to the helper: one connection for all requests, made with the first one and again after it was lost. */
export interface HelperConnection extends AsyncDisposable {
  /**
   * Resolves with the answer's value. Rejects with the helper's error; with `helper.unavailable` when none listens or it
   * went away meanwhile: then what was asked for may be done, half done or not at all, and may be asked for again.
   */
  call(call: HelperCall | JailCall, signal: AbortSignal): Promise<unknown>;

  /** What the helper of the present connection is; asked for once per connection */
  greeting(signal: AbortSignal): Promise<HelperGreeting>;
}

/** More than the helper gives a request */
const ANSWER_MS = 40_000;

export function createHelperConnection(path: string): HelperConnection {
  return new Connection(() => connectTo(path));
}

/** Over whatever is opened; closing it is the connection's affair. */
export function createHelperConnectionOver(open: () => Promise<Duplex>): HelperConnection {
  return new Connection(open);
}

class Connection implements HelperConnection {
  readonly #open: () => Promise<Duplex>;
  #line: Promise<Line> | undefined;

  constructor(open: () => Promise<Duplex>) {
    this.#open = open;
  }

  async call(call: HelperCall | JailCall, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    const line = await orAbort(this.#current(), signal);
    return await line.call(call, signal);
  }

  async greeting(signal: AbortSignal): Promise<HelperGreeting> {
    const line = await orAbort(this.#current(), signal);
    return await orAbort(line.greeting(), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const line = await this.#line?.catch(() => undefined);
    await line?.close();
  }

  #current(): Promise<Line> {
    this.#line ??= this.#connect();
    return this.#line;
  }

  async #connect(): Promise<Line> {
    try {
      return new Line(await this.#open(), () => (this.#line = undefined));
    } catch (error) {
      this.#line = undefined;
      throw error;
    }
  }
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** One connection, from its beginning to its end. */
class Line {
  readonly #socket: Duplex;
  readonly #waiting = new Map<number, Waiting>();
  readonly #lost: () => void;
  #nextId = 1;
  #greeting: Promise<HelperGreeting> | undefined;
  /** What it said of itself before it went away */
  #said: BangerError | undefined;

  constructor(socket: Duplex, lost: () => void) {
    this.#socket = socket;
    this.#lost = lost;
    socket.on('error', () => undefined); // Its end follows.
    socket.once('close', () => this.#end());
    void this.#read();
  }

  greeting(): Promise<HelperGreeting> {
    this.#greeting ??= this.call({ method: 'hello' }, new AbortController().signal).then((said) =>
      HelperGreeting.parse(said),
    );
    return this.#greeting;
  }

  async call(call: HelperCall | JailCall, signal: AbortSignal): Promise<unknown> {
    const id = this.#nextId;
    this.#nextId += 1;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    promise.catch(() => undefined); // Whoever asked may have gone.
    this.#waiting.set(id, { resolve, reject });
    if (this.#socket.destroyed) this.#end();
    else this.#socket.write(`${JSON.stringify({ id, ...call })}\n`);
    const deadline = AbortSignal.timeout(ANSWER_MS);
    try {
      return await orAbort(promise, AbortSignal.any([signal, deadline]));
    } catch (error) {
      signal.throwIfAborted();
      if (!deadline.aborted) throw error;
      this.#socket.destroy();
      throw unavailable(`it does not answer within ${String(ANSWER_MS / 1000)} s`);
    }
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }

  async #read(): Promise<void> {
    try {
      for await (const line of boundedLines(this.#socket, MAX_ANSWER_BYTES)) this.#answered(line);
    } catch {
      // Whatever it was, nothing more can be read.
    }
    this.#socket.destroy();
  }

  #answered(line: string): void {
    const answer = HelperAnswer.parse(JSON.parse(line));
    if (answer.id === null) {
      if ('error' in answer) this.#said = fromWireError(answer.error);
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(fromWireError(answer.error));
    else waiting?.resolve(answer.value);
  }

  #end(): void {
    this.#lost();
    const error = this.#said ?? unavailable('it went away before it had answered');
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

async function connectTo(path: string): Promise<Duplex> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return socket;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw unavailable(REASONS[code] ?? code, cause);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it is not installed',
  ECONNREFUSED: 'nothing listens on its socket',
  EACCES: 'it is set up for another user',
};

function unavailable(why: string, cause?: unknown): BangerError {
  return new BangerError(
    'helper.unavailable',
    `Cannot ask the helper, which has root's rights: ${why}`,
    {
      cause,
      hint: 'sudo banger system install',
    },
  );
}
