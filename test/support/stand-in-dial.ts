import type { Duplex } from 'node:stream';

import type { MessageInitShape } from '@bufbuild/protobuf';

import { toBangerError } from '../../packages/protocol/src/errors.ts';
import {
  DialFailure_Reason as Reason,
  type DialRequest,
  type DialResponseSchema,
} from '../../packages/banger/src/guest/generated/banger/guest/v1/network_pb.ts';
import type { Guest } from '../../packages/banger/src/guest/guest.ts';
import type { DialTarget } from '../../packages/banger/src/guest/guest-network.ts';
import { refusing } from './stand-in-failures.ts';

type Answer = MessageInitShape<typeof DialResponseSchema>;

/** One connection in a fake guest, as messages. */
export async function* serveDial(
  guest: Guest,
  requests: AsyncIterable<DialRequest>,
  signal: AbortSignal,
): AsyncGenerator<Answer, void> {
  const incoming = requests[Symbol.asyncIterator]();
  const target = targetOf((await incoming.next()).value as DialRequest); // The client sends it at once.
  let connection: Duplex;
  try {
    connection = await guest.network.dial(target, signal);
  } catch (error) {
    const { code, message } = toBangerError(error);
    if (code !== 'guest.port_closed') await refusing(Promise.reject(toBangerError(error)));
    yield { kind: { case: 'failure', value: { reason: Reason.REFUSED, message } } };
    return;
  }
  signal.addEventListener('abort', () => connection.destroy(), { once: true });
  yield { kind: { case: 'connected', value: {} } };
  const received = receive(incoming, connection).catch(() => connection.destroy());
  try {
    for await (const value of connection) {
      yield { kind: { case: 'data', value: value as Uint8Array } };
    }
    yield { kind: { case: 'eof', value: {} } };
  } catch (error) {
    const { message } = toBangerError(error);
    yield { kind: { case: 'failure', value: { reason: Reason.BROKEN, message } } };
  }
  await received;
}

function targetOf({ kind }: DialRequest): DialTarget {
  if (kind.case !== 'target') throw new Error('the first request is not target');
  const { kind: target } = kind.value;
  if (target.case === 'unixPath') return { kind: 'unix', path: target.value };
  return { kind: 'tcp', port: target.value?.port ?? 0 };
}

async function receive(incoming: AsyncIterator<DialRequest>, connection: Duplex): Promise<void> {
  for (;;) {
    const next = await incoming.next();
    if (next.done === true) return void connection.end();
    const { kind } = next.value;
    if (kind.case === 'eof') connection.end();
    else if (kind.case === 'data' && !connection.destroyed)
      await new Promise((resolve) => connection.write(kind.value, resolve));
  }
}
