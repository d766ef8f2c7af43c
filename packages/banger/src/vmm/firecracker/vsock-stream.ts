/**
 * The host's way to a port of the guest's vsock, through Firecracker's socket (Firecracker, docs/vsock.md): a line
 * `CONNECT <port>`, answered by `OK <number>` as soon as somebody in the guest accepted. Where nobody listens there the
 * connection is closed instead, and before the guest has a driver nothing comes at all. So a connection that was not
 * accepted is tried again. Whether who accepted is the agent, and still there, is for the handshake to find out.
 */
import type { Duplex } from 'node:stream';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../../host/clock.ts';
import { tryConnect } from '../connect-socket.ts';
import { readVsockAnswer } from './vsock-answer.ts';

export interface VsockPort {
  /** Firecracker's socket on the host */
  readonly socketPath: string;
  /** The one that the guest listens on */
  readonly port: number;
  readonly clock: Clock;
}

/** Where the agent listens */
export const AGENT_PORT = 1024;

/** A guest that boots listens within seconds; each try costs it two interrupts. */
const PAUSES_MS = [5, 10, 20] as const;
const PAUSE_MS = 50;
/** Firecracker itself gives up after 2 s that a guest leaves a request unanswered. */
const ANSWER_MS = 5_000;

/**
 * Connects to a port of the guest, again and again until somebody there accepts, or `signal` aborts. What the guest sent
 * right away is still to be read. Rejects with `vm.ended` when Firecracker's socket is closed, and with
 * `guest.protocol` when what answers there is not Firecracker. The caller owns the result.
 */
export async function connectVsock(to: VsockPort, signal: AbortSignal): Promise<Duplex> {
  for (let tries = 0; ; tries += 1) {
    const stream = await tryOnce(to, signal);
    if (stream !== undefined) return stream;
    await to.clock.wait(PAUSES_MS[tries] ?? PAUSE_MS, signal);
  }
}

/** Undefined when nobody in the guest accepted. */
async function tryOnce(
  { socketPath, port, clock }: VsockPort,
  signal: AbortSignal,
): Promise<Duplex | undefined> {
  await using cleanup = new AsyncDisposableStack();
  const stream = await tryConnect(socketPath, signal);
  if (stream === undefined) throw closed();
  cleanup.defer(() => void stream.destroy());
  stream.on('error', () => undefined); // Whoever reads is told by the stream's end.
  const over = new AbortController();
  cleanup.defer(() => over.abort());
  const late = clock.wait(ANSWER_MS, over.signal).then(
    () => 'refused' as const,
    () => 'refused' as const, // The answer came first.
  );
  stream.write(`CONNECT ${String(port)}\n`);
  const answer = await Promise.race([readVsockAnswer(stream, signal), late]);
  if (answer === 'refused') return undefined;
  over.abort();
  cleanup.move(); // The caller owns the stream.
  return stream;
}

function closed(): BangerError {
  return new BangerError(
    'vm.ended',
    "Cannot reach the guest agent: the monitor's vsock socket is closed",
  );
}
