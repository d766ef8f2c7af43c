import type { Context, Hono } from 'hono';

import { BangerError, toBangerError } from '@banger/protocol/errors';
import { newOperationId, OperationId } from '@banger/protocol/ids';
import { ArchiveQuery, type ArchivedImage } from '@banger/protocol/image';
import { OPERATION_HEADER, streams } from '@banger/protocol/streams';

import type { ImageArchives } from '../image/archive/image-archives.ts';
import type { DaemonLog } from './daemon-log.ts';
import { errorResponse } from './error-response.ts';

export interface ArchiveDeps {
  readonly archives: Pick<ImageArchives, 'read'>;
  readonly log: Pick<DaemonLog, 'warn'>;
}

/** Archives with images come as bytes: the client reads its own files, the daemon opens no path for anybody. */
export function registerArchives(
  app: Hono,
  { archives, log }: ArchiveDeps,
  stopping: AbortSignal,
): void {
  app.put(streams.imageArchive, async (c) => {
    const given = OperationId.safeParse(c.req.header(OPERATION_HEADER));
    const operation = given.success ? given.data : newOperationId();
    try {
      return c.json(await readArchive(c, archives, stopping), 200, {
        [OPERATION_HEADER]: operation,
      });
    } catch (error) {
      const known = toBangerError(error);
      log.warn({ operation, code: known.code, err: known }, known.message);
      return errorResponse(known, operation);
    }
  });
}

async function readArchive(
  c: Context,
  archives: ArchiveDeps['archives'],
  stopping: AbortSignal,
): Promise<ArchivedImage> {
  const query = ArchiveQuery.safeParse(c.req.query());
  const { body } = c.req.raw;
  if (!query.success || body === null) {
    const fact = query.error?.issues[0];
    throw new BangerError(
      'usage.invalid',
      `Cannot read the archive: ${fact === undefined ? 'the request has no body' : `${fact.path.join('.')}: ${fact.message}`}`,
      { cause: query.error },
    );
  }
  const { ref, name, fallback } = query.data;
  const signal = AbortSignal.any([c.req.raw.signal, stopping]);
  return archives.read(body, { ref, name, fallback }, signal);
}
