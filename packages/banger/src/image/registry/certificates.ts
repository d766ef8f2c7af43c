import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';

/** Whom to believe, and who we are, for TLS; PEM texts. */
export interface Certificates {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
}

export interface CertificateStore {
  /** `host` with its port, where the reference has one */
  forHost(host: string): Promise<Certificates>;
}

/**
 * Those that come with Node (with NODE_EXTRA_CA_CERTS), those of the system (with SSL_CERT_FILE and SSL_CERT_DIR), and
 * what lies in `<dir>/<host>`, as Docker and containers-certs.d(5) have it: `*.crt` are CAs, `x.cert` with `x.key` is us.
 */
export function createCertificateStore(dirs: readonly string[]): CertificateStore {
  let trusted: string[] | undefined;
  return {
    async forHost(host) {
      trusted ??= [...getCACertificates('default'), ...getCACertificates('system')];
      const found = await Promise.all(dirs.map((dir) => readCertificates(join(dir, host))));
      const own = found.find(({ cert }) => cert !== undefined);
      const ca = [...new Set([...trusted, ...found.flatMap((one) => one.ca)])];
      return own?.cert === undefined ? { ca } : { ca, cert: own.cert, key: own.key };
    },
  };
}

export function certificateDirs(env: Readonly<Record<string, string | undefined>>): string[] {
  const home = env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? '/', '.config');
  return [
    join(home, 'docker/certs.d'),
    join(home, 'containers/certs.d'),
    '/etc/docker/certs.d',
    '/etc/containers/certs.d',
  ];
}

interface Found {
  readonly ca: readonly string[];
  readonly cert?: string;
  readonly key: string;
}

/** What cannot be read is as if it were not there: TLS says what is missing. */
async function readCertificates(dir: string): Promise<Found> {
  const names = await readdir(dir).catch(() => []);
  const read = (name: string): Promise<string> => readFile(join(dir, name), 'utf8').catch(() => '');
  const ca = await Promise.all(names.filter((name) => name.endsWith('.crt')).map(read));
  const pair = names.find((name) => name.endsWith('.cert'));
  if (pair === undefined) return { ca, key: '' };
  return { ca, cert: await read(pair), key: await read(pair.replace(/cert$/, 'key')) };
}
