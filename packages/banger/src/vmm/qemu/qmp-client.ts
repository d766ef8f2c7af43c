import type { Socket } from 'node:net';

import { orAbort } from '../../host/or-abort.ts';
import { createBoundedLines } from './bounded-lines.ts';
import { parseQmpMessage, type QmpEvent, type QmpMessage } from './qmp-messages.ts';

/**
 * One connection to a monitor. QEMU talks to one client at a time and queues the next, so a greeting that does not come
 * is a monitor that is busy or hung, and the caller's deadline is the way out. The first reason to end wins; it settles
 * every command that still waits.
 */
export class QmpClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #onEvent: (event: QmpEvent) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #closed = new AbortController();
  readonly #greeting = Promise.withResolvers<unknown>();
  #lastId = 0;

  /** Owns the socket from the call on; resolves when the monitor takes commands. */
  static async open(
    socket: Socket,
    onEvent: (event: QmpEvent) => void,
    signal: AbortSignal,
  ): Promise<QmpClient> {
    await using cleanup = new AsyncDisposableStack();
    const client = cleanup.use(new QmpClient(socket, onEvent));
    await orAbort(client.#greeting.promise, signal);
    await client.execute('qmp_capabilities', {}, signal);
    cleanup.move(); // The caller owns it.
    return client;
  }

  private constructor(socket: Socket, onEvent: (event: QmpEvent) => void) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    this.#greeting.promise.catch(() => undefined); // Nobody may be waiting for it when it breaks.
    const feed = createBoundedLines((line) => this.#take(parseQmpMessage(line)));
    socket.on('data', (chunk: Buffer) => {
      try {
        feed(chunk);
      } catch (cause) {
        this.#end(new Error('the monitor sent something that is not QMP', { cause }));
      }
    });
    socket.on('error', (cause) => this.#end(new Error('the monitor socket broke', { cause })));
    socket.on('close', () => this.#end(new Error('the monitor closed its socket')));
  }

  /** Aborts when the connection has ended for any reason */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  async execute(
    command: string,
    args: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<unknown> {
    signal.throwIfAborted();
    this.closed.throwIfAborted();
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    try {
      return await orAbort(answer.promise, signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw new Error(`monitor command "${command}" failed`, { cause });
    } finally {
      this.#waiting.delete(id);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#end(new Error('the monitor connection was closed by banger'));
    return Promise.resolve();
  }

  #take(message: QmpMessage): void {
    if ('QMP' in message) {
      this.#greeting.resolve(undefined);
    } else if ('event' in message) {
      this.#onEvent(message);
    } else if ('error' in message) {
      const { error, id = this.#lastId } = message;
      this.#waiting.get(id)?.reject(new Error(`${error.class}: ${error.desc}`));
    } else {
      this.#waiting.get(message.id)?.resolve(message.return);
    }
  }

  #end(reason: Error): void {
    if (this.closed.aborted) return;
    this.#closed.abort(reason);
    this.#greeting.reject(reason);
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#socket.destroy();
  }
}
