import { toBangerError, BangerError } from '@banger/protocol/errors';

import type { Clock } from '../../host/clock.ts';
import { createAuthorization } from './authorize.ts';
import type { Credentials, CredentialStore } from './credentials.ts';
import type { Endpoint } from './endpoints.ts';
import { followRedirects, RedirectRefusal, type FollowedAnswer } from './follow-redirects.ts';
import { networkFailure } from './network-failure.ts';
import { explainBroken, misbehaves, refusal, saidBy, type Asked } from './registry-errors.ts';
import { createBackoff, isTransientStatus, type RetryLimits } from './retry.ts';
import type { Wire } from './wire.ts';

export interface SessionOptions {
  readonly endpoint: Endpoint;
  /** `library/alpine` */
  readonly repository: string;
  /** The registry's name, whichever mirror this is */
  readonly host: string;
  readonly asked: Pick<Asked, 'what' | 'image'>;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly credentials: CredentialStore;
  readonly limits: RetryLimits;
}

/** Questions about one repository to one registry or mirror. */
export interface RegistrySession {
  readonly name: string;
  /** What it is asked at: `https://registry-1.docker.io/` */
  readonly api: URL;
  /**
   * GET of a path below `/v2/<repository>/`. Resolves with a 200 or 206; everything else is an error, after as many attempts as
   * make sense.
   */
  get(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<FollowedAnswer>;
}

export function createRegistrySession(options: SessionOptions): RegistrySession {
  const { endpoint, repository, host, wire, clock, limits } = options;
  const url = new URL(`v2/${repository}/`, endpoint.url);
  let login: string | undefined;
  const findCredentials = async (signal: AbortSignal): Promise<Credentials | undefined> => {
    // A mirror is another host: what was given to the registry is not for it.
    const target = { host: endpoint.isMirror ? endpoint.url.host : host, repository };
    const found = await options.credentials.find(target, signal);
    login = found.source;
    return found.credentials;
  };
  const authorization = createAuthorization({
    wire,
    clock,
    scope: `repository:${repository}:pull`,
    insecure: endpoint.insecure,
    hostname: endpoint.url.hostname,
    credentials: findCredentials,
  });
  const asked = (): Asked => ({ ...options.asked, host: endpoint.name, api: endpoint.url, login });

  const ask = async (
    at: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<FollowedAnswer> => {
    const { insecure } = endpoint;
    const send = async () => {
      const sent = authorization.header();
      const authorized = sent === undefined ? headers : { ...headers, authorization: sent };
      const request = { url: at, headers: authorized, insecure };
      return { sent, answer: await followRedirects(wire, request, signal) };
    };
    const { sent, answer } = await send();
    if (answer.status !== 401 || !answer.isOwn) return answer;
    const challenge = answer.header('www-authenticate');
    if (!(await authorization.renew(challenge, sent, signal))) return answer;
    answer.drop();
    return (await send()).answer;
  };

  /** Falls back to plain HTTP, once, where that is allowed and nobody there speaks TLS. */
  const askByScheme = async (
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<FollowedAnswer> => {
    try {
      return await ask(new URL(path, url), headers, signal);
    } catch (error) {
      const isPlain = networkFailure(error)?.isPlain === true;
      if (!isPlain || !endpoint.allowsPlain || url.protocol === 'http:') throw error;
      url.protocol = 'http:';
      return ask(new URL(path, url), headers, signal);
    }
  };

  const explain = (error: unknown): BangerError => {
    if (error instanceof RedirectRefusal) return misbehaves(asked(), error.message);
    return toBangerError(explainBroken(error, asked()));
  };

  return {
    name: endpoint.name,
    api: endpoint.url,
    async get(path, headers, signal) {
      const backoff = createBackoff(limits, clock, signal);
      for (;;) {
        let answer: FollowedAnswer;
        try {
          answer = await askByScheme(path, { 'accept-encoding': 'identity', ...headers }, signal);
        } catch (error) {
          signal.throwIfAborted();
          if (networkFailure(error)?.isTransient === true && (await backoff.next())) continue;
          throw explain(error);
        }
        const { status } = answer;
        if (status === 200 || status === 206) return answer;
        const retryAfter = answer.header('retry-after');
        const words = status === 401 ? (authorization.refusal ?? answer) : answer;
        const said = await saidBy(words);
        answer.drop();
        if (isTransientStatus(status) && (await backoff.next(retryAfter))) continue;
        throw refusal(asked(), { status, said });
      }
    },
  };
}
