import { BangerError } from '@banger/protocol/errors';
import {
  FILES_RECORD_HEADER_BYTES,
  filesRecord,
  FilesNote,
  MAX_FILES_RECORD_BYTES,
} from '@banger/protocol/files';
import { fillPath, streams } from '@banger/protocol/streams';
import { fromWireError } from '@banger/protocol/wire-error';

import { withQuery } from '../build-request.ts';
import { signalOf, type CallOptions } from '../call-options.ts';
import type { Caller } from '../caller.ts';
import { ByteReader } from '../tar/byte-reader.ts';

/** What is on its way out of a guest. */
export interface OpenArchive {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  /** Of a file */
  readonly sizeBytes: number;
  /** Rejects when it is not whole. Leaving it closes the connection. */
  readonly chunks: AsyncGenerator<Uint8Array, void>;
}

export interface ArchiveRequest {
  readonly vm: string;
  readonly path: string;
  readonly follow: boolean;
  readonly named: boolean;
  readonly onSkipped?: ((name: string) => void) | undefined;
}

/** Asks the daemon for an archive; resolves when the guest has found what is asked for. */
export async function openArchive(
  caller: Caller,
  { vm, path, follow, named, onSkipped }: ArchiveRequest,
  options: CallOptions,
): Promise<OpenArchive> {
  const query = { path, follow: String(follow), named: String(named) };
  const response = await caller.stream(
    withQuery(fillPath(streams.files, { vm }), query),
    {},
    options,
  );
  const reader = new ByteReader(response.body);
  const explain = (error: unknown) => explainBreak(error, signalOf(options));
  try {
    const first = readNote(await readRecord(reader));
    if (first.type !== 'found') throw foreign();
    const { kind, sizeBytes } = first;
    return { kind, sizeBytes, chunks: chunksOf() };
  } catch (error) {
    response.close();
    throw explain(error);
  }

  async function* chunksOf(): AsyncGenerator<Uint8Array, void> {
    try {
      for (;;) {
        const record = await readRecord(reader);
        if (record.kind === filesRecord.archive) {
          yield record.bytes;
          continue;
        }
        const note = readNote(record);
        if (note.type === 'error') throw fromWireError(note.error);
        if (note.type === 'found') throw foreign();
        for (const name of note.skipped) onSkipped?.(name);
        return;
      }
    } catch (error) {
      throw explain(error);
    } finally {
      response.close();
    }
  }
}

interface FilesRecord {
  readonly kind: number;
  readonly bytes: Buffer;
}

async function readRecord(reader: ByteReader): Promise<FilesRecord> {
  const header = await reader.exactly(FILES_RECORD_HEADER_BYTES);
  if (header.length < FILES_RECORD_HEADER_BYTES) throw new Error('it closed the connection');
  const length = header.readUInt32BE(1);
  if (length > MAX_FILES_RECORD_BYTES) throw foreign();
  const bytes = await reader.exactly(length);
  if (bytes.length < length) throw new Error('it closed the connection');
  return { kind: header.readUInt8(0), bytes };
}

function readNote({ kind, bytes }: FilesRecord): FilesNote {
  if (kind !== filesRecord.note) throw foreign();
  try {
    return FilesNote.parse(JSON.parse(bytes.toString()));
  } catch {
    throw foreign();
  }
}

/** A connection that broke is the caller's abort, or the daemon's end. */
function explainBreak(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof BangerError) return error;
  if (signal.aborted) return signal.reason;
  return new BangerError(
    'daemon.unreachable',
    'Cannot finish the copy: the daemon closed the connection before its end',
    { cause: error, hint: 'banger daemon logs', details: { reason: 'lost' } },
  );
}

function foreign(): BangerError {
  return new BangerError(
    'daemon.unreachable',
    'Cannot understand the daemon: what it sends is no copy',
    { hint: 'banger daemon restart', details: { reason: 'foreign' } },
  );
}
