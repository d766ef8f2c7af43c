import type { TerminalSize } from './exec.ts';
import type { OutputStream } from './session.ts';

/**
 * Binary messages of the WebSocket sub-protocol `banger.session.v1`. The first byte says which:
 *
 *     daemon → client   0 notice (JSON, `SessionNotice`)   1 stdout   2 stderr   (8 bytes offset, bytes)
 *     client → daemon   3 resize (JSON, `TerminalSize`)    4 input    5 input and its end   (8 bytes offset, bytes)
 *
 * Offsets are big-endian and count from the start of the output, or of what this writer has sent. At most 128 KiB of input
 * may be sent that were not said to be taken.
 */
export const SESSION_SUBPROTOCOL = 'banger.session.v1';

const tags = { notice: 0, stdout: 1, stderr: 2, resize: 3, input: 4, lastInput: 5 } as const;

/** Bytes of a tag and an offset */
const HEADER_BYTES = 9;

export type SessionFrame =
  | { readonly kind: 'notice' | 'resize'; readonly json: unknown }
  | ({ readonly kind: 'output'; readonly stream: OutputStream } & Piece)
  | ({ readonly kind: 'input'; readonly isLast: boolean } & Piece);

interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export function noticeFrame(notice: object): Uint8Array {
  return jsonFrame(tags.notice, notice);
}

export function resizeFrame(size: TerminalSize): Uint8Array {
  return jsonFrame(tags.resize, size);
}

export function outputFrame(stream: OutputStream, piece: Piece): Uint8Array {
  return pieceFrame(tags[stream], piece);
}

export function inputFrame(piece: Piece, isLast: boolean): Uint8Array {
  return pieceFrame(isLast ? tags.lastInput : tags.input, piece);
}

/** undefined when it is none. */
export function readSessionFrame(message: Uint8Array): SessionFrame | undefined {
  switch (message[0]) {
    case tags.notice:
      return jsonOf('notice', message);
    case tags.resize:
      return jsonOf('resize', message);
    case tags.stdout:
    case tags.stderr: {
      const stream = message[0] === tags.stdout ? 'stdout' : 'stderr';
      const piece = pieceOf(message);
      return piece && { kind: 'output', stream, ...piece };
    }
    case tags.input:
    case tags.lastInput: {
      const piece = pieceOf(message);
      return piece && { kind: 'input', isLast: message[0] === tags.lastInput, ...piece };
    }
    case undefined:
    default:
      return undefined;
  }
}

function jsonFrame(tag: number, value: object): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(value));
  const message = new Uint8Array(1 + text.length);
  message[0] = tag;
  message.set(text, 1);
  return message;
}

function jsonOf(kind: 'notice' | 'resize', message: Uint8Array): SessionFrame | undefined {
  try {
    return { kind, json: JSON.parse(new TextDecoder().decode(message.subarray(1))) as unknown };
  } catch {
    return undefined;
  }
}

function pieceFrame(tag: number, { offset, bytes }: Piece): Uint8Array {
  const message = new Uint8Array(HEADER_BYTES + bytes.length);
  message[0] = tag;
  new DataView(message.buffer).setBigUint64(1, BigInt(offset));
  message.set(bytes, HEADER_BYTES);
  return message;
}

function pieceOf(message: Uint8Array): Piece | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const offset = Number(view.getBigUint64(1));
  return Number.isSafeInteger(offset)
    ? { offset, bytes: message.subarray(HEADER_BYTES) }
    : undefined;
}
