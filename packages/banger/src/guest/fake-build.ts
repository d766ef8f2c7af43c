import { BangerError } from '@banger/protocol/errors';
import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';

import type { GuestBuilds } from './guest-builds.ts';
import type { GuestBoot } from './guest.ts';

export interface FakeBuildsHost {
  readonly lost: AbortSignal;
  readonly begin: (signal: AbortSignal, work: () => void) => Promise<void>;
}

/** The layer of a fake guest. */
export function fakeBuilds(
  guest: { readonly boot: GuestBoot | undefined; readonly changes: ReadonlySet<string> },
  { lost, begin }: FakeBuildsHost,
): GuestBuilds {
  return {
    async *takeLayer({ maxBytes }, signal) {
      await begin(signal, () => requireBuild(guest.boot));
      yield* fakeLayer(guest.changes, { maxBytes, over: AbortSignal.any([signal, lost]) });
    },
  };
}

function requireBuild(boot: GuestBoot | undefined): void {
  if (boot?.init === 'build') return;
  throw new BangerError(
    'guest.refused',
    'The guest cannot give its layer: the guest was not booted for a build',
  );
}

/** Each path is a file with its name as content. */
async function* fakeLayer(
  paths: ReadonlySet<string>,
  { maxBytes, over }: { readonly maxBytes: number; readonly over: AbortSignal },
): AsyncGenerator<Uint8Array, void> {
  let total = 0;
  for (const piece of piecesOf(paths)) {
    over.throwIfAborted();
    total += piece.length;
    if (total > maxBytes) {
      throw new BangerError(
        'guest.protocol',
        `The guest sent more than ${String(maxBytes)} bytes of a layer`,
      );
    }
    yield piece;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function* piecesOf(paths: ReadonlySet<string>): Generator<Uint8Array, void> {
  for (const path of [...paths].toSorted()) {
    const name = path.replace(/^\//, '');
    const content = Buffer.from(name);
    const owner = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n };
    const { bytes, padding } = encodeHeader({
      ...{ kind: 'file', name, linkName: '', size: content.length },
      ...owner,
    });
    yield Buffer.concat([bytes, content, Buffer.alloc(padding)]);
  }
  yield TAR_END;
}
