import { setTimeout as wait } from 'node:timers/promises';

import { fillPath, OPERATION_HEADER, streams } from '@banger/protocol/streams';

import { readText } from './read-text.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';

/** Undoing a start stops a monitor and removes disks; a daemon that takes longer than this is not waited for. */
const UNDO_DEADLINE_MS = 30_000;
/** Between "it is undone" and the last line of the work's own answer */
const LAST_LINE_MS = 1000;

/**
 * Cancels the work behind an open answer and lets the answer end by itself. Where the daemon cannot be asked, closes
 * the connection, which cancels too but tells nothing about the undoing. Never throws.
 */
export async function cancelWork(
  transport: Transport,
  { headers }: Pick<TransportRequest, 'headers'>,
  work: TransportResponse,
): Promise<void> {
  const operation = headers[OPERATION_HEADER] ?? '';
  const path = fillPath(streams.cancelOperation, { operation });
  try {
    const answer = await transport.request(
      { method: 'POST', path, headers: { ...headers, 'content-length': '0' }, repeatable: true },
      AbortSignal.timeout(UNDO_DEADLINE_MS),
    );
    await readText(answer.body);
    if (answer.status < 300) await wait(LAST_LINE_MS, undefined, { ref: false });
  } catch {
    // Not answered in time: closing is all that is left.
  }
  work.close();
}
