import type { RegistrySettings } from '../../host/registry-config.ts';
import { isLoopback } from './loopback.ts';
import { DOCKER_HUB } from './reference.ts';

/** A place where a repository can be asked for. */
export interface Endpoint {
  /** For messages */
  readonly name: string;
  /** `https://registry-1.docker.io/`, `http://localhost:5000/` */
  readonly url: URL;
  /** Takes plain HTTP when there is no TLS */
  readonly allowsPlain: boolean;
  /** Somebody said so: any certificate is taken, and plain HTTP wherever it leads */
  readonly insecure: boolean;
  readonly isMirror: boolean;
}

/** Where Docker Hub's API is. */
const HUB_API = 'registry-1.docker.io';

/** Mirrors first, the registry itself last. Plain HTTP only on this machine, and where somebody said so. */
export function endpointsOf(
  host: string,
  options: { readonly registries: readonly RegistrySettings[]; readonly insecure: boolean },
): readonly Endpoint[] {
  const settings = options.registries.find((registry) => registry.host === host);
  const insecure = options.insecure || settings?.insecure === true;
  const mirrors = (settings?.mirrors ?? []).map((mirror): Endpoint => {
    const url = new URL(mirror.endsWith('/') ? mirror : `${mirror}/`);
    const isPlain = url.protocol === 'http:';
    return { name: url.host, url, allowsPlain: isPlain, insecure: false, isMirror: true };
  });
  const url = new URL(`https://${host === DOCKER_HUB ? HUB_API : host}/`);
  const allowsPlain = insecure || isLoopback(url.hostname);
  const own = { name: host, url, allowsPlain, insecure, isMirror: false };
  return [...mirrors, own];
}
