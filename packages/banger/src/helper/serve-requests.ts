import { once } from 'node:events';
import type { Duplex } from 'node:stream';

import { z } from 'zod';

import { BangerError, toBangerError } from '@banger/protocol/errors';
import { toWireError } from '@banger/protocol/wire-error';

import type { Clock } from '../host/clock.ts';
import { boundedLines } from './bounded-lines.ts';
import { MAX_REQUEST_BYTES, type HelperAnswer } from './helper-protocol.ts';
import type { RequestList } from './request-list.ts';
import { createRequestRate } from './request-rate.ts';

export interface HelperService {
  readonly requests: RequestList;
  readonly clock: Clock;
  readonly log: RequestLog;
}

/** One entry a request, whatever came of it. */
export type RequestLog = (entry: {
  readonly method: string;
  /** `ok`, or the code of the error */
  readonly outcome: string;
  /** What it was refused or failed for */
  readonly why?: string;
  readonly ms: number;
}) => void;

/** Longer than anything takes that is not stuck */
const REQUEST_MS = 30_000;
/** Our own client sends none: whoever sends as many is somebody else, or of another version. */
const MAX_NONSENSE = 32;
const HANG_UP_MS = 2000;

/**
 * Answers the requests of one connection, one after the other, until it ends or was sent too much nonsense. While a
 * request is worked on or its answer waits to be read, nothing more is taken, so that a flood waits where it comes from.
 */
export async function serveRequests(connection: Duplex, service: HelperService): Promise<void> {
  const closed = new AbortController();
  connection.once('close', () => closed.abort());
  connection.on('error', () => undefined); // 'close' follows.
  const rate = createRequestRate(service.clock);
  let nonsense = 0;
  try {
    for await (const line of boundedLines(connection, MAX_REQUEST_BYTES)) {
      await rate.take(closed.signal);
      const answer = await answerLine(line, service, closed.signal);
      await send(connection, answer.line, closed.signal);
      if (answer.isNonsense) nonsense += 1;
      if (nonsense >= MAX_NONSENSE) break;
    }
  } catch (error) {
    if (!closed.signal.aborted)
      connection.write(lineOf({ id: null, error: toWireError(toBangerError(error)) }));
  }
  await hangUp(connection, closed.signal);
}

/** The last answer has a moment to be taken. */
export async function hangUp(connection: Duplex, closed: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([closed, AbortSignal.timeout(HANG_UP_MS)]);
  connection.end();
  if (!connection.writableFinished && !signal.aborted)
    await once(connection, 'finish', { signal }).catch(() => undefined);
  connection.destroy();
}

interface Answered {
  readonly line: string;
  readonly isNonsense: boolean;
}

/** Of a request that this build does not know: its client waits for an answer all the same. */
const Numbered = z.object({ id: z.int().min(0) });

async function answerLine(
  line: string,
  service: HelperService,
  closed: AbortSignal,
): Promise<Answered> {
  const { clock, log, requests } = service;
  const begin = clock.monotonicMs();
  const request = parseJson(line);
  const task = requests.read(request);
  const told = (outcome: string, why?: string) =>
    log({
      method: task?.method ?? 'none',
      outcome,
      ...(why === undefined ? {} : { why }),
      ms: Math.round(clock.monotonicMs() - begin),
    });
  const deadline = AbortSignal.timeout(REQUEST_MS);
  try {
    if (task === undefined) throw notARequest();
    const signal = AbortSignal.any([closed, deadline]);
    const value = await task.perform(signal);
    told('ok');
    return { line: lineOf({ id: task.id, value }), isNonsense: false };
  } catch (thrown) {
    const error = thrown === deadline.reason ? tooLong(task?.method) : toBangerError(thrown);
    told(error.code, error.message);
    const id = Numbered.safeParse(request).data?.id ?? null;
    return { line: lineOf({ id, error: toWireError(error) }), isNonsense: task === undefined };
  }
}

/** May be done, half done or not at all, and may be asked for again. */
function tooLong(method = ''): BangerError {
  return new BangerError(
    'helper.unavailable',
    `Cannot do "${method}" in the helper: it took longer than ${String(REQUEST_MS / 1000)} s`,
    { hint: 'journalctl -t banger-helper --lines 20' },
  );
}

/** What was sent is not repeated: it may be anything. */
function notARequest(): BangerError {
  return new BangerError('helper.refused', 'Cannot understand what was asked of the helper', {
    hint: 'sudo banger system install',
  });
}

/** Resolves when the other end, or the kernel for it, has taken it. */
async function send(connection: Duplex, line: string, closed: AbortSignal): Promise<void> {
  if (!connection.write(line)) await once(connection, 'drain', { signal: closed });
}

function lineOf(answer: HelperAnswer): string {
  return `${JSON.stringify(answer)}\n`;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
