import { toBangerError } from '@banger/protocol/errors';
import {
  FILES_RECORD_HEADER_BYTES,
  filesRecord,
  MAX_FILES_RECORD_BYTES,
  type FilesNote,
} from '@banger/protocol/files';
import { toWireError } from '@banger/protocol/wire-error';

import type { GuestPacked } from '../guest/guest-files.ts';

/** An archive from a guest as records, with a last one that says how it ended: HTTP itself has no word for it. */
export async function* fileRecords(
  { kind, sizeBytes, archive }: GuestPacked,
  operation: string,
  explain: (error: unknown) => Promise<Error>,
): AsyncGenerator<Uint8Array, void> {
  yield note({ type: 'found', kind, sizeBytes });
  try {
    for (;;) {
      const next = await archive.next();
      if (next.done === true) {
        const { names, count } = next.value;
        yield note({ type: 'end', skipped: [...names], skippedCount: count });
        return;
      }
      yield* records(next.value);
    }
  } catch (error) {
    const known = toBangerError(await explain(error));
    yield note({ type: 'error', error: toWireError(known, operation) });
  } finally {
    // After its end this does nothing. It may wait for the guest, so nobody waits for it.
    void archive.return({ names: [], count: 0 }).catch(() => undefined);
  }
}

function* records(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += MAX_FILES_RECORD_BYTES) {
    yield record(filesRecord.archive, bytes.subarray(at, at + MAX_FILES_RECORD_BYTES));
  }
}

function note(value: FilesNote): Uint8Array {
  return record(filesRecord.note, Buffer.from(JSON.stringify(value)));
}

function record(kind: number, bytes: Uint8Array): Uint8Array {
  const whole = Buffer.allocUnsafe(FILES_RECORD_HEADER_BYTES + bytes.length);
  whole.writeUInt8(kind, 0);
  whole.writeUInt32BE(bytes.length, 1);
  whole.set(bytes, FILES_RECORD_HEADER_BYTES);
  return whole;
}
