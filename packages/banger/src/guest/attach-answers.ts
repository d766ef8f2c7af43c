import {
  type AttachSessionResponse,
  LostOutput_Cause as Cause,
  type LostOutput,
  type SessionAttached,
  type SessionOutput,
} from './generated/banger/guest/v1/sessions_pb.ts';
import type { GuestAttach, GuestAttachment, SessionMessage } from './guest-sessions.ts';
import { disorder, offsetFrom, sessionFrom, streamFrom } from './session-messages.ts';

/** An agent sends no more in one message. */
const LONGEST_OUTPUT_BYTES = 64 * 1024;

export type AttachStart = Pick<GuestAttachment, 'session' | 'position' | 'inputTaken' | 'isWriter'>;

/** Reads what the agent says to one attachment, and refuses what is out of order: output has no gap that is not told. */
export class AttachAnswers {
  readonly start: AttachStart;
  readonly #position: { stdout: number; stderr: number };
  readonly #follow: boolean;
  #inputTaken: number;

  constructor(first: AttachSessionResponse | undefined, { from, follow, writer }: GuestAttach) {
    if (first?.kind.case !== 'attached') throw disorder('an attachment has no beginning');
    this.start = startFrom(first.kind.value);
    const { position, inputTaken, isWriter } = this.start;
    if (isWriter && writer === undefined) throw disorder('it made a writer of a reader');
    if (from !== undefined && 'stdout' in from) {
      if (position.stdout !== from.stdout || position.stderr !== from.stderr)
        throw disorder('it began to read elsewhere');
    }
    this.#position = { ...position };
    this.#inputTaken = inputTaken;
    this.#follow = follow;
  }

  take({ kind }: AttachSessionResponse): SessionMessage {
    switch (kind.case) {
      case 'output':
        return this.#output(kind.value);
      case 'lost':
        return { kind: 'lost', lost: this.#lost(kind.value) };
      case 'inputTaken': {
        const offset = offsetFrom(kind.value);
        if (offset < this.#inputTaken) throw disorder('it gave input back');
        this.#inputTaken = offset;
        return { kind: 'taken', offset };
      }
      case 'writerReplaced':
        return { kind: 'replaced' };
      case 'inputRefused':
        return { kind: 'refused' };
      case 'ended':
        return { kind: 'ended', session: sessionFrom(kind.value) };
      case 'caughtUp':
        if (this.#follow) throw disorder('it stopped following');
        return { kind: 'caught-up', session: sessionFrom(kind.value) };
      case 'attached':
      case undefined:
        throw disorder('a message is empty or comes twice');
    }
  }

  #output({ stream: number, offset, bytes }: SessionOutput): SessionMessage {
    const stream = streamFrom(number);
    const at = offsetFrom(offset);
    if (at !== this.#position[stream]) throw disorder(`its ${stream} does not go on where it was`);
    if (bytes.length === 0 || bytes.length > LONGEST_OUTPUT_BYTES)
      throw disorder(`it sent ${String(bytes.length)} bytes of output at once`);
    this.#position[stream] += bytes.length;
    return { kind: 'output', stream, offset: at, bytes };
  }

  #lost(lost: LostOutput) {
    const stream = streamFrom(lost.stream);
    const start = offsetFrom(lost.start);
    const end = offsetFrom(lost.end);
    if (start !== this.#position[stream] || end <= start)
      throw disorder(`what it lost of its ${stream} does not fit`);
    this.#position[stream] = end;
    return { stream, start, end, cause: causeFrom(lost.cause) };
  }
}

function startFrom({ session, position, inputTaken, isWriter }: SessionAttached): AttachStart {
  return {
    session: sessionFrom(session),
    position: {
      stdout: offsetFrom(position?.stdout ?? 0n),
      stderr: offsetFrom(position?.stderr ?? 0n),
    },
    inputTaken: offsetFrom(inputTaken),
    isWriter,
  };
}

function causeFrom(cause: Cause): 'overwritten' | 'not-stored' {
  if (cause === Cause.OVERWRITTEN) return 'overwritten';
  if (cause === Cause.NOT_STORED) return 'not-stored';
  throw disorder('it lost output for an unknown cause');
}
