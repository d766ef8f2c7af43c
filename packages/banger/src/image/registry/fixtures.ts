import { createFakeBlobCache, type FakeBlobCache } from '../oci/fake-blob-cache.ts';
import { resolveImage, type ResolvedImage } from '../oci/resolve-image.ts';
import { createSystemClock } from '../../host/system-clock.ts';
import { createWire } from './create-wire.ts';
import type { WireTimeouts } from './undici-wire.ts';
import type { Credentials, CredentialStore } from './credentials.ts';
import { parseReference } from './reference.ts';
import { createRegistrySource, type RegistryHost } from './registry-client.ts';
import type { RetryLimits } from './retry.ts';

/** Logins by host. */
export function credentialsOf(known: Readonly<Record<string, Credentials>>): CredentialStore {
  return {
    async find({ host }) {
      await Promise.resolve();
      const credentials = known[host];
      return { credentials, source: credentials === undefined ? undefined : 'config.json' };
    },
  };
}

export interface ClientParts extends Partial<Pick<RegistryHost, 'credentials' | 'registries'>> {
  readonly insecure?: boolean;
  readonly timeouts?: Partial<WireTimeouts>;
  readonly limits?: Partial<RetryLimits>;
}

/** A client that gives up soon, and does not know anybody's certificates. */
export function aSource(
  reference: string,
  {
    credentials = credentialsOf({}),
    registries = [],
    insecure = false,
    timeouts,
    limits: given,
  }: ClientParts = {},
) {
  const wire = createWire({
    env: {},
    certificates: { forHost: () => Promise.resolve({}) },
    timeouts: { connectMs: 2000, headersMs: 2000, bodyMs: 2000, ...timeouts },
  });
  const limits = { attempts: 3, firstWaitMs: 1, longestWaitMs: 1000, manifestMs: 10_000, ...given };
  const host = { wire, clock: createSystemClock(), credentials, registries, limits, insecure };
  return createRegistrySource(parseReference(reference), host);
}

export interface Pulled extends ResolvedImage {
  readonly blobs: FakeBlobCache;
}

/** All of an image, with its blobs in a cache. */
export async function pullAll(
  reference: string,
  parts: ClientParts = {},
  blobs = createFakeBlobCache(),
): Promise<Pulled> {
  const { signal } = new AbortController();
  const source = aSource(reference, parts);
  const platform = { os: 'linux', architecture: 'amd64' };
  const image = await resolveImage(source, platform, signal);
  for (const descriptor of [image.config, ...image.layers]) {
    const read = (from: number, until: AbortSignal) => source.blob(descriptor, from, until);
    await blobs.fetch({ ...descriptor, read }, signal);
  }
  return { ...image, blobs };
}
