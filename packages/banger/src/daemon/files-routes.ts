import type { Context, Hono } from 'hono';
import type { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';
import { FILES_CONTENT_TYPE, GetFilesQuery, PutFilesQuery } from '@banger/protocol/files';
import { newOperationId, OperationId } from '@banger/protocol/ids';
import { OPERATION_HEADER, streams } from '@banger/protocol/streams';

import type { Activity } from './activity.ts';
import type { DaemonLog } from './daemon-log.ts';
import { errorResponse } from './error-response.ts';
import { explainCopy, type CopyVm } from './explain-copy.ts';
import { fileRecords } from './file-records.ts';
import { guestPath } from './guest-path.ts';

export interface FilesDeps {
  readonly machines: { find(reference: string): CopyVm };
  readonly activity: Activity;
  readonly log: DaemonLog;
  /** Aborts when the daemon shuts down */
  readonly stopping: AbortSignal;
}

/** `streams.files`: archives between a client and a guest. The daemon passes them on and looks into none. */
export function registerFiles(app: Hono, deps: FilesDeps): void {
  app.put(streams.files, (c) => answer(c, deps, (copy) => putFiles(c, copy)));
  app.get(streams.files, (c) => answer(c, deps, (copy) => getFiles(c, copy, deps)));
}

interface Copy {
  readonly vm: CopyVm;
  readonly operation: OperationId;
  readonly signal: AbortSignal;
  readonly explain: (error: unknown, path: string) => Promise<BangerError>;
}

async function answer(
  c: Context,
  { machines, log, stopping }: FilesDeps,
  run: (copy: Copy) => Promise<Response>,
): Promise<Response> {
  const given = OperationId.safeParse(c.req.header(OPERATION_HEADER));
  const operation = given.success ? given.data : newOperationId();
  const vm = machines.find(c.req.param('vm') ?? '');
  const signal = AbortSignal.any([c.req.raw.signal, stopping]);
  const explain = async (error: unknown, path: string) => {
    const known = signal.aborted ? cancelled(error) : await explainCopy(error, vm, path);
    log.warn({ operation, code: known.code, err: known }, known.message);
    return known;
  };
  return run({ vm, operation, signal, explain });
}

async function putFiles(c: Context, { vm, operation, signal, explain }: Copy): Promise<Response> {
  const { path, name, archive } = query(c, PutFilesQuery);
  const at = guestPath(path, vm.record.workspace?.guestPath);
  try {
    const guest = await vm.guest(signal);
    const request = { path: at, name, isArchive: archive };
    const placed = await guest.files.put(request, bodyOf(c), signal);
    return c.json(placed, 200, { [OPERATION_HEADER]: operation });
  } catch (error) {
    return errorResponse(await explain(error, at), operation);
  }
}

async function getFiles(
  c: Context,
  { vm, operation, signal, explain }: Copy,
  { activity }: FilesDeps,
): Promise<Response> {
  const { path, follow, named } = query(c, GetFilesQuery);
  const at = guestPath(path, vm.record.workspace?.guestPath);
  try {
    const closed = new AbortController();
    const until = AbortSignal.any([signal, closed.signal]);
    const guest = await vm.guest(until);
    const packed = await guest.files.get({ path: at, follow, isNamed: named }, until);
    const records = fileRecords(packed, operation, (error) => explain(error, at));
    const headers = { 'content-type': FILES_CONTENT_TYPE, [OPERATION_HEADER]: operation };
    return new Response(streamOf(records, closed, activity), { headers });
  } catch (error) {
    return errorResponse(await explain(error, at), operation);
  }
}

/** As fast as the client reads; counts as activity until its end. */
function streamOf(
  records: AsyncGenerator<Uint8Array, void>,
  closed: AbortController,
  activity: Activity,
): ReadableStream<Uint8Array> {
  const work = activity.begin();
  const end = () => work[Symbol.dispose]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await records.next();
      if (next.done !== true) {
        controller.enqueue(next.value);
        return;
      }
      end();
      controller.close();
    },
    async cancel() {
      closed.abort(new BangerError('operation.cancelled', 'the client went away'));
      await records.return();
      end();
    },
  });
}

/** What the client sends; one that goes away in the middle is an error, so that nothing half is taken for whole. */
async function* bodyOf(c: Context): AsyncGenerator<Uint8Array, void> {
  const { body, signal } = c.req.raw;
  if (body !== null) yield* body;
  signal.throwIfAborted();
}

function cancelled(cause: unknown): BangerError {
  return new BangerError(
    'operation.cancelled',
    'The copy was cancelled, and what was half done undone',
    {
      cause,
    },
  );
}

function query<Schema extends z.ZodType>(c: Context, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(c.req.query());
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new BangerError('usage.invalid', `Cannot read the request: ${issues.join('; ')}`);
}
