import { toBangerError } from '@banger/protocol/errors';
import type { OperationId } from '@banger/protocol/ids';
import { OPERATION_HEADER } from '@banger/protocol/streams';
import { toWireError } from '@banger/protocol/wire-error';

import type { Clock } from '../host/clock.ts';
import type { Operation } from '../machine/operation.ts';
import type { Activity } from './activity.ts';

export interface ProgressAnswer {
  readonly operation: { readonly id: OperationId; readonly signal: AbortSignal };
  readonly run: (operation: Operation) => Promise<unknown>;
  /** Keep the answer open after the result; when it closes, what was made goes */
  readonly lease: boolean;
  readonly deps: {
    readonly activity: Activity;
    readonly clock: Clock;
    readonly endLease: (vm: string, operation: string) => Promise<void>;
  };
}

const TICK_MS = 10_000;

export function wantsProgress(accept: string | undefined): boolean {
  return accept?.includes('application/x-ndjson') === true;
}

/** Stages and warnings as they come, one JSON object a line, then the result or the error. */
export function answerProgress(answer: ProgressAnswer): Response {
  const { id, signal } = answer.operation;
  const closed = new AbortController();
  const until = AbortSignal.any([signal, closed.signal]);
  const room = new Room(until);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      void stream(answer, { write: lineWriter(controller, until), room }, until).finally(() => {
        if (!closed.signal.aborted) tryClose(controller);
      });
    },
    pull() {
      room.open();
    },
    cancel() {
      closed.abort(new Error('the client went away'));
    },
  });
  return new Response(body, {
    headers: { 'content-type': 'application/x-ndjson', [OPERATION_HEADER]: id },
  });
}

type WriteLine = (value: unknown) => void;

interface Lines {
  readonly write: WriteLine;
  readonly room: Room;
}

async function stream(
  answer: ProgressAnswer,
  { write, room }: Lines,
  until: AbortSignal,
): Promise<void> {
  const { operation, run, lease, deps } = answer;
  using _ = deps.activity.begin();
  const progress = {
    stage: (stage: unknown) => write({ type: 'stage', stage }),
    warn: (message: string) => write({ type: 'warning', message }),
    output(bytes: Uint8Array) {
      room.close();
      write({ type: 'output', data: Buffer.from(bytes).toString('base64') });
      return room.opened();
    },
    spec: (spec: unknown, provenance: unknown) => write({ type: 'spec', spec, provenance }),
  };
  const ended = new AbortController();
  const ticking = tick(write, deps.clock, AbortSignal.any([until, ended.signal]));
  try {
    const result = await run({ id: operation.id, signal: until, progress });
    write({ type: 'result', result });
    if (lease) await holdLease(answer, result, until);
  } catch (error) {
    write({ type: 'error', error: toWireError(toBangerError(error), operation.id) });
  } finally {
    ended.abort();
    await ticking;
  }
}

async function holdLease(
  { operation, deps }: ProgressAnswer,
  result: unknown,
  until: AbortSignal,
): Promise<void> {
  await aborted(until);
  if (typeof result === 'object' && result !== null && 'id' in result) {
    await deps.endLease(String(result.id), operation.id);
  }
}

/** A client that vanished without a word is noticed when a tick cannot be written. */
async function tick(write: WriteLine, clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await clock.wait(TICK_MS, signal);
      write({ type: 'tick' });
    }
  } catch {
    // The wait rejects when the work is over.
  }
}

/**
 * Whether the client has read what was written: output of a command waits for it, as nobody knows how much there will be.
 * A client that is gone has room for everything.
 */
class Room {
  #next = Promise.withResolvers<undefined>();
  #isForever = false;

  constructor(until: AbortSignal) {
    until.addEventListener('abort', () => this.#openForever(), { once: true });
    if (until.aborted) this.#openForever();
  }

  close(): void {
    if (!this.#isForever) this.#next = Promise.withResolvers();
  }

  open(): void {
    this.#next.resolve(undefined);
  }

  async opened(): Promise<void> {
    await this.#next.promise;
  }

  #openForever(): void {
    this.#isForever = true;
    this.open();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function lineWriter(
  controller: ReadableStreamDefaultController<Uint8Array>,
  until: AbortSignal,
): WriteLine {
  const encoder = new TextEncoder();
  return (value) => {
    if (until.aborted) return;
    controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
  };
}

function tryClose(controller: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    controller.close();
  } catch {
    // The client closed it first.
  }
}
