import { BangerError } from '@banger/protocol/errors';

/**
 * Which image of which registry, as Docker reads it (github.com/distribution/reference, regexp.go and normalize.go):
 * without a registry it is Docker Hub's, there without a user `library`'s, and without tag and digest `latest`.
 */
export interface ImageReference {
  /** `docker.io`, `localhost:5000`, `[::1]:5000` */
  readonly host: string;
  /** `library/alpine` */
  readonly repository: string;
  /** Of a reference with a digest it says nothing, and is left out */
  readonly tag: string | undefined;
  /** `sha256:…` */
  readonly digest: string | undefined;
  /** The short form that people use, and the name of the stored image: `alpine:3.22` */
  readonly familiar: string;
}

export const DOCKER_HUB = 'docker.io';

const DEFAULT_TAG = 'latest';
const MAX_REPOSITORY_LENGTH = 255;

const DOMAIN_PART = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = new RegExp(
  `^(?:${DOMAIN_PART}(?:\\.${DOMAIN_PART})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`,
);
const REPOSITORY =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[a-f0-9]{64}$/;

/** Rejects with `image.reference_invalid`, which says what is wrong with the text. */
export function parseReference(text: string): ImageReference {
  const read = readReference(text);
  if (typeof read !== 'string') return read;
  throw new BangerError(
    'image.reference_invalid',
    `Cannot read image reference ${JSON.stringify(text)}: ${read}`,
    { hint: 'Write it as [HOST[:PORT]/]NAME[:TAG][@sha256:DIGEST], for example debian:12' },
  );
}

/** undefined: it is no reference to an image of a registry. */
export function tryReference(text: string): ImageReference | undefined {
  const read = readReference(text);
  return typeof read === 'string' ? undefined : read;
}

/** The reference, or what is wrong with the text. */
function readReference(text: string): ImageReference | string {
  if (text === '') return 'it is empty';
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  // A colon before the last slash is that of a port.
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  const { host, repository } = splitHost(colon < 0 ? named : named.slice(0, colon));
  const wrong =
    wrongDigest(digest) ?? wrongTag(tag) ?? wrongHost(host) ?? wrongRepository(repository);
  if (wrong !== undefined) return wrong;
  if (/^[a-f0-9]{64}$/.test(text)) return 'it is a bare digest; write NAME@sha256:DIGEST';
  const kept = digest === undefined ? (tag ?? DEFAULT_TAG) : undefined;
  const suffix = kept === undefined ? `@${digest ?? ''}` : `:${kept}`;
  const familiar = `${familiarName(host, repository)}${suffix}`;
  return { host, repository, tag: kept, digest, familiar };
}

function splitHost(name: string): Pick<ImageReference, 'host' | 'repository'> {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const [host, rest] = isHost(first) ? [first, name.slice(slash + 1)] : [DOCKER_HUB, name];
  if (host !== DOCKER_HUB && host !== 'index.docker.io') return { host, repository: rest };
  return { host: DOCKER_HUB, repository: rest.includes('/') ? rest : `library/${rest}` };
}

/** What a user's name on Docker Hub cannot be is a host. */
function isHost(first: string): boolean {
  return /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
}

function familiarName(host: string, repository: string): string {
  if (host !== DOCKER_HUB) return `${host}/${repository}`;
  const short = /^library\/[^/]+$/.test(repository)
    ? repository.slice('library/'.length)
    : repository;
  const again = splitHost(short);
  const isSame = again.host === host && again.repository === repository;
  return isSame ? short : `${host}/${repository}`;
}

function wrongDigest(digest: string | undefined): string | undefined {
  if (digest === undefined || DIGEST.test(digest)) return undefined;
  if (!digest.startsWith('sha256:')) {
    return `its digest is not sha256 but ${JSON.stringify(digest.split(':', 1)[0])}`;
  }
  return 'its digest is not "sha256:" and 64 lowercase hexadecimal digits';
}

function wrongTag(tag: string | undefined): string | undefined {
  if (tag === undefined || TAG.test(tag)) return undefined;
  return `its tag ${JSON.stringify(tag)} is not 1 to 128 of a-z, A-Z, 0-9, "_", "." and "-"`;
}

function wrongHost(host: string): string | undefined {
  const [, port] = /:(\d+)$/.exec(host) ?? [];
  if (DOMAIN.test(host) && Number(port ?? 0) < 65_536) return undefined;
  return `${JSON.stringify(host)} is not the name of a host`;
}

function wrongRepository(repository: string): string | undefined {
  if (repository.length > MAX_REPOSITORY_LENGTH) return 'it is longer than 255 characters';
  if (REPOSITORY.test(repository)) return undefined;
  const lowercase = JSON.stringify(repository.toLowerCase().replace(/^library\//, ''));
  if (REPOSITORY.test(repository.toLowerCase())) {
    return `the name of a repository is lowercase: ${lowercase}`;
  }
  return `${JSON.stringify(repository)} is not the name of a repository`;
}
