import { BangerError } from '@banger/protocol/errors';
import { VM_NAME } from '@banger/protocol/vm-name';
import {
  type OutputStream as StreamName,
  type Session,
  SessionId,
} from '@banger/protocol/session';

import {
  type KeptOutput,
  OutputStream,
  type Session as SessionMessage,
} from './generated/banger/guest/v1/sessions_pb.ts';
import type { ExecExit } from './generated/banger/guest/v1/guest_pb.ts';
import { bounded, name } from './guest-messages.ts';

/** As many as an agent keeps, and some. */
const MOST_SESSIONS = 256;
/** Of a command line, as the agent cuts it */
const LONGEST_ARGUMENT = 4200;
const MOST_ARGUMENTS = 4200;

export function sessionsFrom(sessions: readonly SessionMessage[]): readonly Session[] {
  return bounded(sessions, MOST_SESSIONS).map(sessionFrom);
}

export function sessionFrom(message: SessionMessage | undefined): Session {
  if (message === undefined) throw disorder('a message has no session');
  const id = SessionId.safeParse(message.id);
  if (!id.success || !VM_NAME.test(message.name)) throw disorder('a session has an impossible name');
  const { stdout, stderr, exit } = message;
  return {
    id: id.data,
    name: message.name,
    argv: bounded(message.argv, MOST_ARGUMENTS).map((text) => name(text, LONGEST_ARGUMENT)),
    cwd: message.cwd === '' ? null : name(message.cwd, LONGEST_ARGUMENT),
    user: message.user === '' ? null : name(message.user),
    terminal: message.terminal,
    stdin: message.stdin,
    pid: message.pid,
    exit: exit === undefined ? null : exitFrom(exit),
    startedAt: timeFrom(message.startedUnixNs),
    endedAt: exit === undefined ? null : timeFrom(message.endedUnixNs),
    output: { stdout: keptFrom(stdout), stderr: keptFrom(stderr) },
    keepBytes: offsetFrom(message.keepBytes),
    readers: message.readers,
    hasWriter: message.hasWriter,
    inputClosed: message.inputClosed,
  };
}

export function streamFrom(stream: OutputStream): StreamName {
  if (stream === OutputStream.STDOUT) return 'stdout';
  if (stream === OutputStream.STDERR) return 'stderr';
  throw disorder(`there is no output ${String(stream)}`);
}

export function streamTo(stream: StreamName | undefined): OutputStream {
  if (stream === undefined) return OutputStream.UNSPECIFIED;
  return stream === 'stdout' ? OutputStream.STDOUT : OutputStream.STDERR;
}

/** Offsets that do not fit a number are no output of this age of the world. */
export function offsetFrom(offset: bigint): number {
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) throw disorder('an offset is out of range');
  return Number(offset);
}

export function disorder(fact: string): BangerError {
  return new BangerError('guest.protocol', `The guest agent broke the protocol of sessions: ${fact}`);
}

function exitFrom({ code, signal }: ExecExit): Session['exit'] {
  if (code < 0 || code > 255 || signal < 0 || signal > 64) throw disorder('an exit is out of range');
  return signal === 0 ? { kind: 'exited', code } : { kind: 'signalled', signal };
}

function keptFrom(kept: KeptOutput | undefined): { readonly start: number; readonly end: number } {
  const start = offsetFrom(kept?.start ?? 0n);
  const end = offsetFrom(kept?.end ?? 0n);
  if (start > end) throw disorder('an output ends before it begins');
  return { start, end };
}

/** The guest's clock may show anything, but a time that exists. */
function timeFrom(unixNs: bigint): string {
  const time = new Date(Number(unixNs / 1_000_000n));
  const year = time.getUTCFullYear();
  if (!(year >= 1970 && year <= 9999)) throw disorder('a time is out of range');
  return time.toISOString();
}
