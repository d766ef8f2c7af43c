import { z } from 'zod';

import type { Credentials } from './credentials.ts';
import { DOCKER_HUB } from './reference.ts';

/** `config.json` of Docker, `auth.json` of podman, skopeo and buildah (containers-auth.json(5)). */
const AuthFile = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
        identitytoken: z.string().optional(),
      }),
    )
    .nullish(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
});
export type AuthFile = z.infer<typeof AuthFile>;

export interface AuthTarget {
  readonly host: string;
  readonly repository: string;
}

/** undefined: the text is no such file. */
export function parseAuthFile(text: string): AuthFile | undefined {
  try {
    return AuthFile.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** What Docker calls its own registry in these files. */
const HUB_KEY = 'https://index.docker.io/v1/';
const HUB_HOSTS = new Set([DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io']);

/** Which program has the credentials, and what it knows the registry as. */
export function helperFor(
  { credHelpers, credsStore }: AuthFile,
  { host }: AuthTarget,
): { readonly helper: string; readonly server: string } | undefined {
  const own = Object.entries(credHelpers ?? {}).find(([key]) => hostOf(key) === hostOf(host));
  const server = host === DOCKER_HUB ? HUB_KEY : host;
  if (own !== undefined) return { helper: own[1], server };
  return credsStore === undefined || credsStore === '' ? undefined : { helper: credsStore, server };
}

/** The entry for the longest part of `host/repository`. */
export function storedCredentials(
  { auths }: AuthFile,
  target: AuthTarget,
): Credentials | undefined {
  const wanted = `${hostOf(target.host)}/${target.repository}/`;
  const fitting = Object.entries(auths ?? {})
    .map(([key, entry]) => ({ place: placeOf(key), entry }))
    .filter(({ place }) => wanted.startsWith(`${place}/`))
    .toSorted((a, b) => b.place.length - a.place.length);
  for (const { entry } of fitting) {
    const credentials = read(entry);
    if (credentials !== undefined) return credentials;
  }
  return undefined;
}

type Entry = NonNullable<AuthFile['auths']>[string];

function read({ auth, username, password, identitytoken }: Entry): Credentials | undefined {
  if (identitytoken !== undefined && identitytoken !== '') {
    return { kind: 'identity-token', token: identitytoken };
  }
  if (username !== undefined && password !== undefined) {
    return { kind: 'password', username, password };
  }
  const decoded = Buffer.from(auth ?? '', 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon <= 0) return undefined;
  // Docker's own client pads the password with NULs.
  const secret = decoded.slice(colon + 1).replace(/\0+$/, '');
  return { kind: 'password', username: decoded.slice(0, colon), password: secret };
}

/** `https://index.docker.io/v1/` is `docker.io`; `quay.io/ana` stays. */
function placeOf(key: string): string {
  const bare = key.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const [host = '', ...path] = bare.split('/');
  // A path in a key with a scheme, or of the first registry protocol, names no repository.
  const isWhole = key.includes('://') || /^v[12]$/.test(path.join('/'));
  return [hostOf(host), ...(isWhole ? [] : path)].join('/');
}

function hostOf(key: string): string {
  const host = key.replace(/^https?:\/\//, '').split('/', 1)[0] ?? '';
  return HUB_HOSTS.has(host) ? DOCKER_HUB : host;
}
