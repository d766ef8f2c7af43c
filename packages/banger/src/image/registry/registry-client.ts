import { createHash } from 'node:crypto';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../../host/clock.ts';
import type { RegistrySettings } from '../../host/registry-config.ts';
import type { ImageSource } from '../oci/image-source.ts';
import { MAX_MANIFEST_BYTES, type ManifestDocument } from '../oci/manifest.ts';
import { indexTypes, manifestTypes } from '../oci/media-types.ts';
import { shortDigest } from '../oci/blob-errors.ts';
import type { CredentialStore } from './credentials.ts';
import { endpointsOf } from './endpoints.ts';
import { readBlob } from './read-blob.ts';
import { readBounded } from './read-bounded.ts';
import type { ImageReference } from './reference.ts';
import { explainBroken, misbehaves } from './registry-errors.ts';
import { createRegistrySession, type RegistrySession } from './registry-session.ts';
import { RETRY_LIMITS, type RetryLimits } from './retry.ts';
import type { Wire } from './wire.ts';

export interface RegistryHost {
  readonly wire: Wire;
  readonly clock: Clock;
  readonly credentials: CredentialStore;
  /** From the configuration */
  readonly registries: readonly RegistrySettings[];
  readonly limits?: RetryLimits;
}

/**
 * The image that a reference means, in its registry or a mirror of it. Mirrors are asked first; one that does not have
 * something, or does not answer, is passed over for the next, and in the end for the registry itself.
 */
export function createRegistrySource(
  reference: ImageReference,
  options: RegistryHost & { readonly insecure: boolean },
): ImageSource {
  const { host, repository, familiar } = reference;
  const { limits = RETRY_LIMITS, clock } = options;
  const what = `Cannot pull image "${familiar}"`;
  const sessions = endpointsOf(host, options).map((endpoint) =>
    createRegistrySession({
      ...options,
      ...{ endpoint, repository, host, limits },
      asked: { what, image: familiar },
    }),
  );
  const unreachable = new Set<RegistrySession>();

  /** What the first of them has that has it; the last one's error when none has. */
  const firstOf = async <T>(use: (session: RegistrySession) => Promise<T>): Promise<T> => {
    const [last] = sessions.slice(-1);
    for (const session of sessions) {
      if (unreachable.has(session)) continue;
      try {
        return await use(session);
      } catch (error) {
        if (session === last || !(error instanceof BangerError)) throw error;
        if (error.code === 'registry.unreachable') unreachable.add(session);
      }
    }
    throw new Error('the registry itself is always asked'); // `sessions` ends with it.
  };

  const manifest = (name: string, digest: string | undefined, signal: AbortSignal) =>
    firstOf(async (session): Promise<ManifestDocument> => {
      const accept = [...manifestTypes, ...indexTypes].join(', ');
      const deadline = AbortSignal.timeout(limits.manifestMs);
      try {
        const until = AbortSignal.any([signal, deadline]);
        const answer = await session.get(`manifests/${name}`, { accept }, until);
        return checkManifest(what, digest, {
          bytes: await readBounded(answer.body, MAX_MANIFEST_BYTES),
          type: answer.header('content-type'),
        });
      } catch (error) {
        signal.throwIfAborted();
        const asked = { what, host: session.name, api: session.api, image: familiar };
        throw deadline.aborted ? misbehaves(asked, TOO_SLOW) : explainBroken(error, asked);
      }
    });

  return {
    root: (signal) => {
      const { tag, digest } = reference;
      return manifest(digest ?? tag ?? '', digest, signal);
    },
    manifest: ({ digest }, signal) => manifest(digest, digest, signal),
    blob: (descriptor, from, signal) =>
      readBlob({ descriptor, what, clock, limits }, (path, headers, until) =>
        firstOf((session) => session.get(path, headers, until)),
      )(from, signal),
  };
}

const TOO_SLOW = 'takes too long to give its manifest';

function checkManifest(
  what: string,
  wanted: string | undefined,
  { bytes, type }: { readonly bytes: Buffer | undefined; readonly type: string | undefined },
): ManifestDocument {
  if (bytes === undefined) {
    const most = String(MAX_MANIFEST_BYTES);
    throw new BangerError('image.bad_content', `${what}: its manifest has more than ${most} bytes`);
  }
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (wanted !== undefined && digest !== wanted) throw otherManifest(what, wanted, digest);
  return { digest, mediaType: type?.split(';', 1)[0]?.trim(), bytes };
}

function otherManifest(what: string, wanted: string, actual: string): BangerError {
  return new BangerError(
    'image.bad_content',
    `${what}: asked for manifest ${shortDigest(wanted)}, the registry gives ${shortDigest(actual)}`,
    { details: { wanted, actual } },
  );
}
