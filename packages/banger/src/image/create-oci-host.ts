import type { Clock } from '../host/clock.ts';
import type { Processes } from '../host/processes.ts';
import type { RegistrySettings } from '../host/registry-config.ts';
import type { RootDisks } from '../rootfs/root-disks.ts';
import type { BlobCache } from './oci/blob-cache.ts';
import type { OciHost } from './oci/oci-recipe.ts';
import { guestPlatform } from './oci/platform.ts';
import { certificateDirs, createCertificateStore } from './registry/certificates.ts';
import { createCredentialStore } from './registry/create-credential-store.ts';
import { createWire } from './registry/create-wire.ts';
import type { RegistryHost } from './registry/registry-client.ts';

export interface OciHostOptions {
  readonly blobs: BlobCache;
  readonly rootDisks: RootDisks;
  readonly clock: Clock;
  readonly processes: Processes;
  /** For logins, certificates and proxies */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly registries: readonly RegistrySettings[];
}

/** What images of registries and archives are made with on this machine. */
export function createOciHost(options: OciHostOptions): RegistryHost & OciHost {
  const { blobs, rootDisks, clock, processes, env, registries } = options;
  return {
    ...{ blobs, rootDisks, clock, registries },
    wire: createWire({ env, certificates: createCertificateStore(certificateDirs(env)) }),
    credentials: createCredentialStore({ env, processes }),
    platform: guestPlatform(process.arch),
  };
}
