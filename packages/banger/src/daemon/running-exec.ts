import { BangerError, toBangerError } from '@banger/protocol/errors';
import type { ExecStatus } from '@banger/protocol/exec';

import type { GuestExecInput } from '../guest/guest.ts';
import type { ExecOrder } from './exec-order.ts';
import { failureStatus, statusOf } from './exec-status.ts';
import { explainLoss } from './explain-loss.ts';
import { noShell } from './explain-no-shell.ts';
import { InputQueue } from './input-queue.ts';

/** Takes output in order; the next chunk waits for the promise. */
export type OutputSink = (stream: 'stdout' | 'stderr', bytes: Uint8Array) => Promise<void>;

/**
 * A command from the moment it was asked for. It runs at once, so that the guest is at work while the client opens its
 * stream; what it writes waits in the guest until somebody attaches.
 */
export class RunningExec {
  readonly input = new InputQueue<GuestExecInput>();
  /** Resolves, never rejects, with how it ended */
  readonly status: Promise<ExecStatus>;
  readonly #order: ExecOrder;
  readonly #sink = Promise.withResolvers<OutputSink>();
  readonly #ended = new AbortController();

  constructor(order: ExecOrder) {
    this.#order = order;
    this.status = this.#run().finally(() => this.input.end());
  }

  attach(sink: OutputSink): void {
    this.#sink.resolve(sink);
  }

  /** The command is ended in the guest; nothing happens when it has ended already. */
  end(reason: unknown): void {
    this.#sink.resolve(() => Promise.resolve()); // What it still writes has nowhere to go.
    this.#ended.abort(reason);
  }

  async #run(): Promise<ExecStatus> {
    const { vm, request, timeoutMs, operation } = this.#order;
    const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    const until = AbortSignal.any([this.#ended.signal, ...(limit === undefined ? [] : [limit])]);
    try {
      const guest = await vm.guest(until);
      const onStarted = vm.watchExec();
      const io = {
        input: this.input,
        onStarted,
        onOutput: async (stream: 'stdout' | 'stderr', bytes: Uint8Array) => {
          const sink = await this.#sink.promise;
          await sink(stream, bytes);
        },
      };
      return statusOf(await guest.exec(request, io, until));
    } catch (error) {
      if (limit?.aborted === true) return failureStatus(timedOut(this.#order), operation);
      return failureStatus(await this.#explain(toBangerError(error)), operation);
    }
  }

  #explain(error: BangerError): BangerError | Promise<BangerError> {
    return noShell(error, this.#order, this.#order.vm.record) ?? explainLoss(error, this.#order);
  }
}

function timedOut({ vm, request, timeoutMs = 0 }: ExecOrder): BangerError {
  const [program = ''] = request.argv;
  return new BangerError(
    'exec.timed_out',
    `Cannot finish "${program}" in VM "${vm.record.name}": it ran longer than ${String(timeoutMs / 1000)} s and was ended`,
    { hint: 'Give it more with --timeout' },
  );
}
