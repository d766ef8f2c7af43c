import type { Socket } from 'node:net';

import { z } from 'zod';

import { orAbort } from '../../host/or-abort.ts';
import type { DiskTrouble } from '../driver.ts';
import { QemuEvents } from './qemu-events.ts';
import { QmpClient } from './qmp-client.ts';

const DRAIN_MS = 1_000;

const ShutdownData = z.object({ reason: z.string() });
/** BLOCK_IO_ERROR (qapi/block-core.json) */
const BlockErrorData = z.object({
  'node-name': z.string().default('?'),
  operation: z.string(),
  reason: z.string(),
});
const Status = z.object({ status: z.string() });

interface Heard {
  shutdownCause: string | undefined;
  onDiskTrouble: (trouble: DiskTrouble) => void;
}

/** What the driver wants of a monitor: to give it commands, and to know that the guest runs and why it stopped. */
export class QemuMonitor implements AsyncDisposable {
  readonly events: QemuEvents;
  readonly #client: QmpClient;
  readonly #heard: Heard;

  static async open(socket: Socket, signal: AbortSignal): Promise<QemuMonitor> {
    const heard: Heard = { shutdownCause: undefined, onDiskTrouble: () => undefined };
    const events = new QemuEvents();
    const client = await QmpClient.open(
      socket,
      (told) => {
        const { event, data } = told;
        if (event === 'SHUTDOWN') heard.shutdownCause ??= ShutdownData.safeParse(data).data?.reason;
        const trouble =
          event === 'BLOCK_IO_ERROR' ? BlockErrorData.safeParse(data).data : undefined;
        if (trouble !== undefined) heard.onDiskTrouble(troubleFrom(trouble));
        events.tell(told);
      },
      signal,
    );
    return new QemuMonitor(client, heard, events);
  }

  private constructor(client: QmpClient, heard: Heard, events: QemuEvents) {
    this.events = events;
    this.#client = client;
    this.#heard = heard;
  }

  get closed(): AbortSignal {
    return this.#client.closed;
  }

  /** ShutdownCause of QMP; the first one wins */
  get shutdownCause(): string | undefined {
    return this.#heard.shutdownCause;
  }

  /** One listener; what came before it is not told again. */
  onDiskTrouble(listen: (trouble: DiskTrouble) => void): void {
    this.#heard.onDiskTrouble = listen;
  }

  /** Resolves with what the command returns. */
  execute(
    command: string,
    args: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<unknown> {
    return this.#client.execute(command, args, signal);
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

function troubleFrom(data: z.output<typeof BlockErrorData>): DiskTrouble {
  const { 'node-name': disk, operation, reason } = data;
  // `nospace` is only there when QEMU would stop the guest for it.
  return { disk, operation, isFull: /No space left|quota exceeded/i.test(reason), reason };
}
