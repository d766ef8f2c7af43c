import { z } from 'zod';

import type { Clock } from '../../host/clock.ts';
import { orAbort } from '../../host/or-abort.ts';
import { parseChallenge, type Challenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { isLoopback } from './loopback.ts';
import { readBounded } from './read-bounded.ts';
import type { Wire, WireAnswer } from './wire.ts';

/** Says who we are to one registry, in the way that it asks for. */
export interface Authorization {
  /** The header's value; undefined as long as the registry has not asked */
  header(): string | undefined;
  /**
   * Answers the challenge of a 401 to a request that was sent with `rejected`. False: there is nothing (more) to say.
   * Callers that come at the same time are one.
   */
  renew(
    challenge: string | undefined,
    rejected: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** What the token service answered, when it gave none */
  readonly refusal: WireAnswer | undefined;
}

export interface AuthorizationOptions {
  readonly wire: Wire;
  readonly clock: Clock;
  /** `repository:library/alpine:pull` */
  readonly scope: string;
  /** Tokens may be asked for over plain HTTP, and the registry's own host may be anybody */
  readonly insecure: boolean;
  /** Of the registry */
  readonly hostname: string;
  readonly credentials: (signal: AbortSignal) => Promise<Credentials | undefined>;
}

const TOKEN_MS = 60_000;
const MAX_TOKEN_BYTES = 1024 * 1024;
/** distribution's token specification: without `expires_in`. */
const DEFAULT_LIFETIME_S = 60;
/** A token that is about to end may have ended when it arrives. */
const SLACK_MS = 10_000;
const CLIENT_ID = 'banger';

const Token = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

export function createAuthorization(options: AuthorizationOptions): Authorization {
  const { clock } = options;
  let current: { readonly header: string; readonly untilMs: number } | undefined;
  let renewing: Promise<boolean> | undefined;
  let refused: Authorization['refusal'];
  const header = (): string | undefined =>
    current !== undefined && clock.monotonicMs() < current.untilMs ? current.header : undefined;

  const obtain = async (
    challenge: Challenge,
    rejected: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean> => {
    const credentials = await options.credentials(signal);
    if (challenge.scheme === 'basic') {
      if (credentials?.kind !== 'password') return false;
      const basic = basicHeader(credentials);
      current = { header: basic, untilMs: Infinity };
      return basic !== rejected;
    }
    const answer = await askForToken(challenge, credentials, { options, signal });
    if (answer === undefined) return false;
    if (answer.status !== 200) {
      refused = answer;
      return false;
    }
    const token = await readToken(answer);
    if (token === undefined) return false;
    const lifetimeMs = (token.expires_in ?? DEFAULT_LIFETIME_S) * 1000;
    const untilMs = clock.monotonicMs() + Math.max(SLACK_MS, lifetimeMs - SLACK_MS);
    current = { header: `Bearer ${token.value}`, untilMs };
    return true;
  };

  return {
    header,
    get refusal() {
      return refused;
    },
    async renew(challenge, rejected, signal) {
      const now = header();
      if (now !== undefined && now !== rejected) return true; // Somebody else has renewed it since.
      const parsed = parseChallenge(challenge);
      if (parsed === undefined) return false;
      // Others wait for the same token, so it is not for this caller to stop.
      renewing ??= obtain(parsed, rejected, AbortSignal.timeout(TOKEN_MS)).finally(() => {
        renewing = undefined;
      });
      return orAbort(renewing, signal);
    },
  };
}

interface Asking {
  readonly options: AuthorizationOptions;
  readonly signal: AbortSignal;
}

/** undefined: where the registry sends us is no place for secrets. */
async function askForToken(
  { realm, service, scope }: Extract<Challenge, { scheme: 'bearer' }>,
  credentials: Credentials | undefined,
  { options, signal }: Asking,
): Promise<WireAnswer | undefined> {
  const url = URL.parse(realm);
  if (url === null || !mayAsk(url, options)) return undefined;
  const parameters = { ...(service !== undefined && { service }), scope: scope ?? options.scope };
  const unverified = options.insecure && url.hostname === options.hostname;
  if (credentials?.kind === 'identity-token') {
    const form = { grant_type: 'refresh_token', refresh_token: credentials.token };
    const body = new URLSearchParams({ ...form, ...parameters, client_id: CLIENT_ID }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return options.wire.exchange({ url, method: 'POST', headers, body, unverified }, signal);
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  if (credentials !== undefined) url.searchParams.set('account', credentials.username);
  const headers = credentials === undefined ? {} : { authorization: basicHeader(credentials) };
  return options.wire.exchange({ url, headers, unverified }, signal);
}

function mayAsk({ protocol, hostname }: URL, { insecure }: AuthorizationOptions): boolean {
  return protocol === 'https:' || (protocol === 'http:' && (insecure || isLoopback(hostname)));
}

async function readToken(
  answer: WireAnswer,
): Promise<{ readonly value: string; readonly expires_in: number | undefined } | undefined> {
  const body = await readBounded(answer.body, MAX_TOKEN_BYTES);
  try {
    const { token, access_token, expires_in } = Token.parse(JSON.parse(body?.toString() ?? ''));
    const value = token ?? access_token ?? '';
    // Anything else would end the header, or be none.
    return /^[\x21-\x7e]+$/.test(value) ? { value, expires_in } : undefined;
  } catch {
    return undefined;
  }
}

function basicHeader({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
