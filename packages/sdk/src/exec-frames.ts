import { channel, type TerminalSize } from '@banger/protocol/exec';

export interface Frame {
  readonly channel: number;
  readonly bytes: Uint8Array;
}

export function encodeFrame(frameChannel: number, bytes: Uint8Array): Uint8Array {
  const message = new Uint8Array(bytes.length + 1);
  message[0] = frameChannel;
  message.set(bytes, 1);
  return message;
}

export function decodeFrame(message: Uint8Array): Frame | undefined {
  const [first] = message;
  return first === undefined ? undefined : { channel: first, bytes: message.subarray(1) };
}

/** No more stdin: the command reads its end. */
export const stdinEnd = encodeFrame(channel.close, Uint8Array.of(channel.stdin));

export function resizeFrame({ rows, cols }: TerminalSize): Uint8Array {
  return encodeFrame(channel.resize, Buffer.from(JSON.stringify({ Width: cols, Height: rows })));
}
