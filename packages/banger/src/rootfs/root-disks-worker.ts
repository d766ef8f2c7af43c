import { on } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';

import { BangerError } from '@banger/protocol/errors';

import { rootDiskJobs } from './root-disk-jobs.ts';
import type { RootParts } from './root-disks.ts';
import type { RootDiskJob, WorkerMessage } from './worker-messages.ts';

/**
 * One job of `RootDisks` in a thread of its own, which ends with it. Nobody asks it to stop: whoever started it ends the
 * thread, and removes what it wrote.
 */
const { signal } = new AbortController();

// What is in workerData is what `create-root-disks.ts` put there.
const job = workerData as RootDiskJob;

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

/** Few enough that the other thread is never busy with them */
const PROGRESS_STEP_BYTES = 8 * 1024 * 1024;
const PIECE_BYTES = 512 * 1024;
const PIECES_AHEAD = 4;

function reportProgress(): (doneBytes: number, totalBytes: number) => void {
  let reported = 0;
  return (doneBytes, totalBytes) => {
    if (doneBytes - reported < PROGRESS_STEP_BYTES && doneBytes !== totalBytes) return;
    reported = doneBytes;
    post({ kind: 'progress', doneBytes, totalBytes });
  };
}

async function work(): Promise<WorkerMessage> {
  const progress = { onProgress: reportProgress() };
  switch (job.kind) {
    case 'make':
      return {
        kind: 'made',
        disk: await rootDiskJobs.make({ ...job.order, ...progress }, signal),
      };
    case 'delta':
      await rootDiskJobs.makeDelta({ ...job.order, ...progress }, signal);
      return { kind: 'done' };
    case 'init':
      return { kind: 'found', init: await rootDiskJobs.findInit(job.file, signal) };
    case 'read':
      return { kind: 'content', bytes: await rootDiskJobs.readFile(job.parts, job.file, signal) };
    case 'pack':
      await sendPacked(job.parts);
      return { kind: 'done' };
  }
}

/** In pieces of a size that is worth a message, and no more of them than are taken. */
async function sendPacked(parts: RootParts): Promise<void> {
  const port = parentPort;
  if (port === null) return;
  const taken = on(port, 'message');
  let ahead = 0;
  for await (const bytes of inPieces(rootDiskJobs.pack(parts, signal))) {
    if (ahead === PIECES_AHEAD) await taken.next();
    else ahead += 1;
    post({ kind: 'piece', bytes });
  }
  port.unref(); // It was listened to, which would keep the thread.
}

async function* inPieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  yield Buffer.concat(parts);
}

try {
  post(await work());
} catch (error) {
  // Anything else ends the thread, and is what it ended with.
  if (!(error instanceof BangerError)) throw error;
  const { code, message, hint, details } = error;
  post({ kind: 'failed', error: { code, message, hint, details } });
}
