import { createClient } from '@connectrpc/connect';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';
import { orAbort } from '../host/or-abort.ts';
import { fileFailure } from './file-messages.ts';
import { BuildService } from './generated/banger/guest/v1/build_pb.ts';
import type { FileFailure } from './generated/banger/guest/v1/files_pb.ts';
import type { GuestBuilds } from './guest-builds.ts';
import type { GuestCalls } from './guest-calls.ts';

/** Before the first byte everything is written to the disk, which may take as long as a sync. */
const SILENCE_MS = 120_000;
const LOOK_MS = SILENCE_MS / 8;

/** The agent's `BuildService`. */
export function createBuildsClient(
  calls: Pick<GuestCalls, "transport" | "clock" | "lost" | "explain">,
): GuestBuilds {
  const client = createClient(BuildService, calls.transport);
  return {
    async *takeLayer({ maxBytes }, signal) {
      const over = new AbortController();
      const alive = AbortSignal.any([signal, calls.lost, over.signal]);
      const patience = new Patience(calls.clock);
      try {
        alive.throwIfAborted();
        void patience.watch(over);
        const answers = client.takeLayer({}, { signal: alive })[Symbol.asyncIterator]();
        let total = 0;
        for (;;) {
          const next = await patience.during(orAbort(answers.next(), alive));
          const message = next.done === true ? undefined : next.value.kind;
          if (message?.case === 'end') return;
          if (message?.case === 'failure') throw layerFailure(message.value);
          if (message?.case !== 'data') throw disorder('sent a message of a layer out of turn');
          total += message.value.length;
          if (total > maxBytes) throw disorder(`sent more than ${String(maxBytes)} bytes of a layer`);
          yield message.value;
        }
      } catch (error) {
        throw calls.explain(over.signal.aborted ? over.signal.reason : error, 'give its layer', signal);
      } finally {
        over.abort(new Error('the layer is over'));
      }
    },
  };
}

/** What cannot be in a layer is a matter of the image, not of a copy. */
function layerFailure(failure: FileFailure): BangerError {
  const { code, message } = fileFailure(failure);
  return new BangerError(code === 'files.bad_archive' ? 'image.bad_content' : code, message);
}

function disorder(fact: string): BangerError {
  return new BangerError('guest.protocol', `The guest ${fact}`);
}

/** Tells a guest that says nothing from a reader that takes its time. */
class Patience {
  readonly #clock: Clock;
  #waitingSinceMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async during<T>(answer: Promise<T>): Promise<T> {
    this.#waitingSinceMs = this.#clock.monotonicMs();
    try {
      return await answer;
    } finally {
      this.#waitingSinceMs = undefined;
    }
  }

  /** Aborts `over` when an answer is late; ends with it. Never rejects. */
  async watch(over: AbortController): Promise<void> {
    try {
      for (;;) {
        await this.#clock.wait(LOOK_MS, over.signal);
        const since = this.#waitingSinceMs;
        if (since === undefined || this.#clock.monotonicMs() - since < SILENCE_MS) continue;
        over.abort(
          new BangerError('guest.unreachable', `The guest sent nothing of its layer for ${String(SILENCE_MS / 1000)} s`),
        );
      }
    } catch {
      // It is over.
    }
  }
}
