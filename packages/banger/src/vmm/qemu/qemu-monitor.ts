import type { Socket } from 'node:net';

import { z } from 'zod';

import { orAbort } from '../../host/or-abort.ts';
import { QmpClient } from './qmp-client.ts';

const DRAIN_MS = 1_000;

const ShutdownData = z.object({ reason: z.string() });
const Status = z.object({ status: z.string() });

/** What the driver wants of a monitor: to know that the guest runs, and why it stopped. */
export class QemuMonitor implements AsyncDisposable {
  readonly #client: QmpClient;
  readonly #ended: { cause: string | undefined };

  static async open(socket: Socket, signal: AbortSignal): Promise<QemuMonitor> {
    const ended: { cause: string | undefined } = { cause: undefined };
    const client = await QmpClient.open(
      socket,
      ({ event, data }) => {
        if (event === 'SHUTDOWN') ended.cause ??= ShutdownData.safeParse(data).data?.reason;
      },
      signal,
    );
    return new QemuMonitor(client, ended);
  }

  private constructor(client: QmpClient, ended: { cause: string | undefined }) {
    this.#client = client;
    this.#ended = ended;
  }

  get closed(): AbortSignal {
    return this.#client.closed;
  }

  /** ShutdownCause of QMP; the first one wins */
  get shutdownCause(): string | undefined {
    return this.#ended.cause;
  }

  /** "running", "paused", "internal-error", … (RunState of QMP) */
  async status(signal: AbortSignal): Promise<string> {
    return Status.parse(await this.#client.execute('query-status', {}, signal)).status;
  }

  /** After the process has ended: what it said last may still be on its way to us. */
  async drained(): Promise<void> {
    if (this.closed.aborted) return;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.closed.addEventListener('abort', resolve, { once: true });
    await orAbort(promise, AbortSignal.timeout(DRAIN_MS)).catch(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client[Symbol.asyncDispose]();
  }
}
