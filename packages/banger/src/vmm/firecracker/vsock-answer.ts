import type { Duplex } from 'node:stream';

import { BangerError } from '@banger/protocol/errors';

import { orAbort } from '../../host/or-abort.ts';

/** `OK ` and the number of a port, which has 32 bits */
const ACCEPTED = /^OK \d{1,10}$/;
const LONGEST_LINE = 'OK 4294967295\n'.length;

/**
 * What Firecracker says to `CONNECT`: one line, or nothing and the end of the stream. Of an accepted stream nothing
 * behind the line has been taken, and it is paused. Rejects with `guest.protocol` when it says anything else.
 */
export async function readVsockAnswer(
  stream: Duplex,
  signal: AbortSignal,
): Promise<'accepted' | 'refused'> {
  const { promise, resolve, reject } = Promise.withResolvers<'accepted' | 'refused'>();
  let held = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    const end = held.subarray(0, LONGEST_LINE).indexOf('\n');
    if (end === -1 && held.length < LONGEST_LINE) return;
    stream.off('data', onData).pause();
    const line = held.toString('latin1', 0, end === -1 ? LONGEST_LINE : end);
    if (end === -1 || !ACCEPTED.test(line)) {
      reject(notFirecracker(line));
      return;
    }
    const rest = held.subarray(end + 1);
    if (rest.length > 0) stream.unshift(rest);
    resolve('accepted');
  };
  const onEnd = () => resolve('refused');

  using listening = new DisposableStack();
  for (const event of ['end', 'close', 'error']) {
    stream.on(event, onEnd);
    listening.defer(() => stream.off(event, onEnd));
  }
  stream.on('data', onData);
  listening.defer(() => stream.off('data', onData).pause());
  return await orAbort(promise, signal);
}

function notFirecracker(line: string): BangerError {
  return new BangerError(
    'guest.protocol',
    `Cannot reach the guest agent: the monitor's vsock socket answered ${JSON.stringify(line)}`,
  );
}
