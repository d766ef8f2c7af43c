import { Agent, EnvHttpProxyAgent, request, type Dispatcher } from 'undici';

import { isLoopback } from './loopback.ts';
import type { CertificateStore, Certificates } from './certificates.ts';
import type { Wire } from './wire.ts';

export interface WireTimeouts {
  readonly connectMs: number;
  /** From the request to the head of its answer */
  readonly headersMs: number;
  /** Between two pieces of a body */
  readonly bodyMs: number;
}

export interface WireOptions {
  /** For HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly certificates: CertificateStore;
  readonly timeouts?: WireTimeouts;
}

const TIMEOUTS: WireTimeouts = { connectMs: 10_000, headersMs: 30_000, bodyMs: 30_000 };

/** Node's own default, which is not to be had in a bundle (scripts/lean-bundle.ts). */
const MAX_HEADER_BYTES = 16 * 1024;

/** The real wire; `create-wire.ts` loads it when it is needed. */
export function createUndiciWire({ env, certificates, timeouts = TIMEOUTS }: WireOptions): Wire {
  const dispatchers = new Map<string, Promise<Dispatcher>>();
  const open = async (url: URL, unverified: boolean): Promise<Dispatcher> => {
    const { connectMs, headersMs, bodyMs } = timeouts;
    const trust: Certificates =
      url.protocol === 'https:' ? await certificates.forHost(url.host) : {};
    const tls = { ...trust, timeout: connectMs, rejectUnauthorized: !unverified };
    const waits = { headersTimeout: headersMs, bodyTimeout: bodyMs };
    const bounds = { ...waits, maxHeaderSize: MAX_HEADER_BYTES, connect: tls };
    // As Go does: what is on this machine is never asked for through a proxy.
    if (isLoopback(url.hostname)) return new Agent(bounds);
    return new EnvHttpProxyAgent({ ...bounds, ...proxiesOf(env), requestTls: tls });
  };
  const dispatcherFor = (url: URL, unverified: boolean): Promise<Dispatcher> => {
    const key = `${url.origin} ${String(unverified)}`;
    const dispatcher = dispatchers.get(key) ?? open(url, unverified);
    dispatchers.set(key, dispatcher);
    return dispatcher;
  };

  return {
    async exchange({ url, method = 'GET', headers, body, unverified = false }, signal) {
      const dispatcher = await dispatcherFor(url, unverified);
      const sent = { dispatcher, method, headers, signal, ...(body !== undefined && { body }) };
      const answer = await request(url, sent);
      answer.body.on('error', () => undefined); // Whoever reads it gets it; nobody may.
      return {
        status: answer.statusCode,
        header(name) {
          const value = answer.headers[name];
          return Array.isArray(value) ? value.join(', ') : value;
        },
        body: answer.body,
        drop: () => void answer.body.destroy(),
      };
    },
    release() {
      const idle = [...dispatchers.values()];
      dispatchers.clear();
      // Closing waits for what is under way, which has its own bounds; nobody waits for the closing.
      for (const dispatcher of idle)
        void dispatcher.then((it) => it.close()).catch(() => undefined);
    },
  };
}

/** Empty texts, not undefined ones, or the library looks into this process' own environment. */
function proxiesOf(env: WireOptions['env']) {
  const of = (name: string): string => env[name] ?? env[name.toUpperCase()] ?? '';
  return {
    httpProxy: of('http_proxy'),
    httpsProxy: of('https_proxy'),
    noProxy: of('no_proxy'),
  };
}
