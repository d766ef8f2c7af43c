import { channel } from '@banger/protocol/exec';

import { decodeFrame } from './exec-frames.ts';
import { type SpawnOptions, writeTo } from './exec-options.ts';
import type { MessageSocket } from './transport.ts';

/** More than this waiting for a sink pauses the connection, and so in the end the command. */
const HIGH_WATER_BYTES = 256 * 1024;

/** Passes the output of one command to its sinks in the order it came, and keeps the status that ends it. */
export interface CommandOutput {
  readonly take: (message: Uint8Array) => void;
  /** The connection to pause and to close, once there is one. */
  attach(socket: Pick<MessageSocket, 'pause' | 'resume' | 'close'>): void;
  /** Resolves when the sinks have taken everything; rejects with the first failure of one. */
  taken(): Promise<void>;
  status(): Uint8Array | undefined;
}

export function createCommandOutput(sinks: Pick<SpawnOptions, 'stdout' | 'stderr'>): CommandOutput {
  let socket: Pick<MessageSocket, 'pause' | 'resume' | 'close'> | undefined;
  let status: Uint8Array | undefined;
  let waitingBytes = 0;
  let writing: Promise<void> = Promise.resolve();

  function write(sink: SpawnOptions['stdout'], bytes: Uint8Array): void {
    waitingBytes += bytes.length;
    if (waitingBytes > HIGH_WATER_BYTES) socket?.pause();
    writing = writing.then(async () => {
      await writeTo(sink, bytes);
      waitingBytes -= bytes.length;
      if (waitingBytes <= HIGH_WATER_BYTES) socket?.resume();
    });
    // A sink that fails (EPIPE) ends the command; `taken` tells why.
    writing.catch(() => socket?.close());
  }

  return {
    take(message) {
      const frame = decodeFrame(message);
      if (frame?.channel === channel.stdout) write(sinks.stdout, frame.bytes);
      else if (frame?.channel === channel.stderr) write(sinks.stderr, frame.bytes);
      else if (frame?.channel === channel.error) {
        status = frame.bytes;
        socket?.close();
      }
    },
    attach(opened) {
      socket = opened;
      if (status !== undefined) opened.close();
    },
    taken: () => writing,
    status: () => status,
  };
}
