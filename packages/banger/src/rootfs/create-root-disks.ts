import { on } from 'node:events';
import { rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { BangerError } from '@banger/protocol/errors';

import type { RootDiskOrder, RootDisks } from './root-disks.ts';
import type { RootDiskJob, SentError, WorkerMessage } from './worker-messages.ts';

/** As a source, and in the bundle. */
const WORKER_FILE = join(import.meta.dirname, `root-disks-worker${extname(import.meta.filename)}`);

/** Enough for the tree of the largest image that `layerLimits` lets through (docs/decisions/0018). */
const MAX_HEAP_MIB = 4096;

export interface RootDisksOptions {
  readonly maxHeapMib?: number;
}

/** Each job is done in a thread of its own, with a heap of its own: the daemon goes on, whatever an image is. */
export function createRootDisks({ maxHeapMib = MAX_HEAP_MIB }: RootDisksOptions = {}): RootDisks {
  const start = (job: RootDiskJob) =>
    new Worker(WORKER_FILE, {
      workerData: job,
      name: 'root-disk',
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMib },
    });

  async function* messages(job: RootDiskJob, signal: AbortSignal) {
    signal.throwIfAborted();
    const worker = start(job);
    worker.on('error', () => undefined); // One that comes after its last word is nobody's.
    try {
      for await (const [said] of on(worker, 'message', { signal, close: ['exit'] })) {
        const message = said as WorkerMessage; // It runs our own code.
        if (message.kind === 'failed') throw receivedError(message.error);
        yield message;
        if (message.kind === 'piece') worker.postMessage('taken');
      }
    } catch (error) {
      signal.throwIfAborted();
      throw explainEnd(error, maxHeapMib);
    } finally {
      await worker.terminate();
    }
  }

  async function make(
    job: RootDiskJob & { kind: 'make' | 'delta' },
    { file, onProgress }: Target,
    signal: AbortSignal,
  ) {
    try {
      for await (const message of messages(job, signal)) {
        if (message.kind === 'progress') onProgress?.(message.doneBytes, message.totalBytes);
        else return message;
      }
      throw endedEarly();
    } catch (error) {
      await rm(file, { force: true }); // A thread that was ended cleans nothing up.
      throw error;
    }
  }

  return {
    async make({ onProgress, ...order }, signal) {
      const target = { file: order.file, onProgress };
      const answer = await make({ kind: 'make', order }, target, signal);
      if (answer.kind !== 'made') throw endedEarly();
      return answer.disk;
    },

    async makeDelta({ onProgress, ...order }, signal) {
      await make({ kind: 'delta', order }, { file: order.file, onProgress }, signal);
    },

    async *pack(parts, signal) {
      for await (const message of messages({ kind: 'pack', parts }, signal)) {
        if (message.kind === 'done') return;
        if (message.kind === 'piece') yield bufferOf(message.bytes);
      }
      throw endedEarly();
    },

    async findInit(file, signal) {
      for await (const message of messages({ kind: 'init', file }, signal)) {
        if (message.kind !== 'found') break;
        return message.init;
      }
      throw endedEarly();
    },

    async readFile(parts, file, signal) {
      for await (const message of messages({ kind: 'read', parts, file }, signal)) {
        if (message.kind !== 'content') break;
        return message.bytes && bufferOf(message.bytes);
      }
      throw endedEarly();
    },
  };
}

interface Target {
  readonly file: string;
  readonly onProgress: RootDiskOrder['onProgress'] | undefined;
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function receivedError({ code, message, hint, details }: SentError): BangerError {
  return new BangerError(code, message, { details, ...(hint !== undefined && { hint }) });
}

function explainEnd(error: unknown, maxHeapMib: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new BangerError(
    'image.bad_content',
    `Cannot make a root disk: its tree needs more than ${String(maxHeapMib)} MiB of memory`,
    { cause: error, hint: 'Use an image with fewer files.' },
  );
}

function endedEarly(): Error {
  return new Error('a worker ended without an answer');
}
