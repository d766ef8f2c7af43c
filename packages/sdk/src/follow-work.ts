import { Buffer } from 'node:buffer';

import { BangerError } from '@banger/protocol/errors';
import { progressLine } from '@banger/protocol/progress';
import type { Route } from '@banger/protocol/route';
import { OPERATION_HEADER } from '@banger/protocol/streams';
import { fromWireError } from '@banger/protocol/wire-error';
import { z } from 'zod';

import { signalOf, type CallOptions } from './call-options.ts';
import { cancelWork } from './cancel-work.ts';
import { checkShape } from './check-answer.ts';
import { readWireError } from './read-error.ts';
import { readLines } from './read-text.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';

/** Long work whose result is known and whose connection may still be open. */
export interface Work<Result> {
  readonly result: Result;
  /** Resolves when the daemon ends the answer or the connection breaks. */
  readonly ended: Promise<void>;
  /** Closes the connection. */
  close(): void;
  /** From now on the open connection does not keep the process alive. */
  unref(): void;
}

export interface WorkRequest<O extends z.ZodType> {
  readonly route: Route<z.ZodObject, O>;
  readonly request: TransportRequest;
}

/**
 * Sends a request for long work and passes its stages on until there is a result or an error. An abort asks the
 * daemon to cancel and goes on reading, because the answer to "is it undone?" comes as the last line. Work that was
 * done before the cancelling reached it ends with its result.
 */
export async function followWork<O extends z.ZodType>(
  transport: Transport,
  { route, request }: WorkRequest<O>,
  options: CallOptions,
): Promise<Work<z.output<O>>> {
  const signal = signalOf(options);
  signal.throwIfAborted();
  const connecting = new AbortController();
  let response: TransportResponse | undefined;
  const abort = () => {
    if (response === undefined) connecting.abort(signal.reason);
    else void cancelWork(transport, request, response);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    response = await transport.request(request, connecting.signal);
    if (response.status >= 400) throw await readWireError(response.status, response.body);
    const lines = readLines(response.body);
    const result = await readResult(lines, route, options);
    const { close, unref } = response;
    return { result, ended: drain(lines), close, unref };
  } catch (error) {
    response?.close();
    if (signal.aborted && !saysMoreThanCancelled(error)) throw signal.reason;
    throw explainLoss(error, request);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function readResult<O extends z.ZodType>(
  lines: AsyncGenerator<string, void>,
  route: Route<z.ZodObject, O>,
  options: CallOptions,
): Promise<z.output<O>> {
  const what = `${route.method} ${route.path}`;
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    if (next.value === '') continue;
    const line = checkShape(anyLine, JSON.parse(next.value), what);
    switch (line.type) {
      case 'stage':
        options.onStage?.(line.stage);
        break;
      case 'spec':
        options.onSpec?.(line.spec, line.provenance);
        break;
      case 'warning':
        options.onWarning?.(line.message);
        break;
      case 'output':
        options.onOutput?.(Buffer.from(line.data, 'base64'));
        break;
      case 'tick':
        break;
      case 'error':
        throw fromWireError(line.error);
      case 'result':
        return checkShape(route.output, line.result, what);
    }
  }
  throw new Error('the answer ended without a result');
}

const anyLine = progressLine(z.unknown());

async function drain(lines: AsyncGenerator<string, void>): Promise<void> {
  try {
    while ((await lines.next()).done !== true);
  } catch {
    // A broken connection is one of the ways an open answer ends.
  }
}

/** After an abort only the daemon's own words count, and of those not "it was cancelled", which the caller knows. */
function saysMoreThanCancelled(error: unknown): boolean {
  return error instanceof BangerError && error.code !== 'operation.cancelled';
}

function explainLoss(error: unknown, { headers }: TransportRequest): unknown {
  if (error instanceof BangerError || !(error instanceof Error)) return error;
  return new BangerError(
    'daemon.unreachable',
    'Cannot finish the request: the daemon closed the connection before the result',
    {
      cause: error,
      hint: 'banger daemon logs',
      details: { reason: 'lost' },
      operation: headers[OPERATION_HEADER],
    },
  );
}
