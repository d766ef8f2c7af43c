import type { MessageInitShape } from '@bufbuild/protobuf';

import { orAbort } from '../host/or-abort.ts';
import type { PutTreeRequestSchema } from './generated/banger/guest/v1/files_pb.ts';
import type { GuestPut } from './guest-files.ts';

type PutMessage = MessageInitShape<typeof PutTreeRequestSchema>;

/** What the agent takes of an archive in one message. */
const CHUNK_BYTES = 64 * 1024;

/** The requests of one PutTree: where it goes, the archive in pieces, and that it was all of it. */
export class PutRequests {
  /** What the archive rejected with, which is why the stream broke */
  failure: unknown;
  readonly #request: GuestPut;
  readonly #archive: AsyncIterator<Uint8Array>;

  constructor(request: GuestPut, archive: AsyncIterable<Uint8Array>) {
    this.#request = request;
    this.#archive = archive[Symbol.asyncIterator]();
  }

  /** Until `over` aborts; then the archive is closed. Without `end` the agent undoes what it did. */
  async *messages(over: AbortSignal): AsyncGenerator<PutMessage, void> {
    const { path, name = '', isArchive = false, makeParents = false } = this.#request;
    const options = { archive: isArchive, keepOwners: isArchive, makeParents };
    yield { kind: { case: 'start', value: { path, name: Buffer.from(name), ...options } } };
    try {
      for (;;) {
        const next = await orAbort(this.#archive.next(), over);
        if (next.done === true) break;
        for (let at = 0; at < next.value.length; at += CHUNK_BYTES) {
          const value = new Uint8Array(next.value.subarray(at, at + CHUNK_BYTES));
          yield { kind: { case: 'data', value } };
        }
      }
      yield { kind: { case: 'end', value: {} } };
    } catch (error) {
      if (!over.aborted) this.failure = error;
      throw error;
    } finally {
      // It may itself wait for something that never comes, so nobody waits for it.
      void this.#archive.return?.().catch(() => undefined);
    }
  }
}
