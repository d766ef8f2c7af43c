import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../../host/clock.ts';
import { shortDigest } from '../oci/blob-errors.ts';
import type { Descriptor } from '../oci/manifest.ts';
import { networkFailure } from './network-failure.ts';
import { createBackoff, type RetryLimits } from './retry.ts';
import type { WireAnswer } from './wire.ts';

export interface BlobReading {
  readonly descriptor: Descriptor;
  /** `Cannot pull image "alpine:3.22"` */
  readonly what: string;
  readonly clock: Clock;
  readonly limits: RetryLimits;
}

/** Asks for a path below the repository's; resolves with a 200 or a 206. */
export type Get = (
  path: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<WireAnswer>;

/** Slower than this, a minute long, is as good as nothing. */
const SLOWEST_BYTES = 60 * 1024;
const SLOWEST_MS = 60_000;

/**
 * The bytes of a blob from one on. When the connection breaks in the middle the next one goes on from there, as long as
 * each brings something. A registry that knows no ranges sends all again, of which what is there already is dropped.
 */
export function readBlob(
  { descriptor, what, clock, limits }: BlobReading,
  get: Get,
): (from: number, signal: AbortSignal) => AsyncIterable<Uint8Array> {
  const { digest, sizeBytes } = descriptor;
  const name = shortDigest(digest);
  return async function* read(from, signal) {
    const backoff = createBackoff(limits, clock, signal);
    let at = from;
    for (;;) {
      const range: Record<string, string> = at === 0 ? {} : { range: `bytes=${String(at)}-` };
      const answer = await get(`blobs/${digest}`, range, signal);
      try {
        refuseSize(answer, { descriptor, at });
        let skip = answer.status === 206 ? 0 : at;
        const pace = createPace(clock);
        for await (const chunk of answer.body) {
          signal.throwIfAborted();
          if (!pace.keeps(chunk.length)) throw tooSlow(what, name);
          const fresh = chunk.subarray(Math.min(skip, chunk.length));
          skip -= chunk.length - fresh.length;
          if (fresh.length === 0) continue;
          at += fresh.length;
          backoff.reset();
          yield fresh;
        }
        if (at >= sizeBytes) return;
        throw new Truncated('the answer ends too early');
      } catch (error) {
        signal.throwIfAborted();
        if (at === sizeBytes) return; // All is there, whatever became of the connection.
        const fact = error instanceof Truncated ? error.message : networkFailure(error)?.fact;
        if (fact === undefined) throw error;
        if (await backoff.next()) continue;
        throw interrupted(
          `${what}: layer ${name} breaks off at ${String(at)} bytes: ${fact}`,
          error,
        );
      } finally {
        answer.drop();
      }
    }
  };
}

/** A short answer that announced no length looks like a whole one. */
class Truncated extends Error {}

function interrupted(message: string, cause: unknown): BangerError {
  return new BangerError('registry.failed', message, {
    cause,
    hint: 'Pull it again; what has come is kept',
  });
}

function tooSlow(what: string, name: string): BangerError {
  return new BangerError(
    'registry.failed',
    `${what}: the registry sends less than 1 KiB/s of layer ${name}`,
    { hint: 'Pull it again later; what has come is kept' },
  );
}

/** The registry's own word on the size, before it is found out the long way. */
function refuseSize(
  answer: WireAnswer,
  { descriptor, at }: { readonly descriptor: Descriptor; readonly at: number },
): void {
  const { sizeBytes, digest } = descriptor;
  const [, from, total] =
    /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.header('content-range') ?? '') ?? [];
  const length = Number(answer.header('content-length') ?? Number.NaN);
  const begin = answer.status === 206 ? Number(from ?? -1) : 0;
  const said = answer.status === 206 ? Number(total ?? Number.NaN) : length;
  const isElsewhere = answer.status === 206 && begin !== at;
  if (!isElsewhere && (Number.isNaN(said) || said === sizeBytes)) return;
  const fact = isElsewhere
    ? `it was asked for from byte ${String(at)} on and sends from byte ${String(begin)}`
    : `it has ${String(said)} bytes instead of ${String(sizeBytes)}`;
  throw new BangerError('image.bad_content', `Cannot use blob ${shortDigest(digest)}: ${fact}`);
}

/** Whether enough comes. */
function createPace(clock: Clock): { keeps(bytes: number): boolean } {
  let sinceMs = clock.monotonicMs();
  let came = 0;
  return {
    keeps(bytes) {
      came += bytes;
      const nowMs = clock.monotonicMs();
      if (nowMs - sinceMs < SLOWEST_MS) return true;
      const isFastEnough = came >= SLOWEST_BYTES;
      sinceMs = nowMs;
      came = 0;
      return isFastEnough;
    },
  };
}
