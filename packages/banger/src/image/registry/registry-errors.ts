import { BangerError } from '@banger/protocol/errors';
import { z } from 'zod';

import { networkFailure, type NetworkFailure } from './network-failure.ts';
import { readBounded } from './read-bounded.ts';
import type { WireAnswer } from './wire.ts';

/** Whom a request was for, for messages. */
export interface Asked {
  /** `Cannot pull image "alpine:3.22"` */
  readonly what: string;
  /** The registry, as in references */
  readonly host: string;
  /** Where it is asked, which for Docker Hub is another host; for hints */
  readonly api: URL;
  /** The name that would have to be pulled, for hints */
  readonly image: string;
  /** Where the credentials are from that were shown, or why there are none */
  readonly login: string | undefined;
}

const MAX_ERROR_BYTES = 64 * 1024;
const Errors = z.object({
  errors: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })).min(1),
});

/** What a registry says about its refusal (distribution-spec, "Error Codes"): one line, bounded, printable. */
export async function saidBy(answer: WireAnswer): Promise<string> {
  const body = await readBounded(answer.body, MAX_ERROR_BYTES).catch(() => undefined);
  const text = body?.toString('utf8') ?? '';
  let said = '';
  try {
    const [first] = Errors.parse(JSON.parse(text)).errors;
    said = [first?.code, first?.message]
      .filter((part) => part !== undefined && part !== '')
      .join(': ');
  } catch {
    // A proxy's page of HTML helps nobody.
  }
  return said.replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ').slice(0, 200);
}

/** The error for an answer that is none of what was asked for. */
export function refusal(
  { what, host, image, login }: Asked,
  { status, said }: { readonly status: number; readonly said: string },
): BangerError {
  const words = said === '' ? `HTTP status ${String(status)}` : said;
  const details = { host, status };
  switch (status) {
    case 401:
    case 403: {
      const who = login === undefined ? 'and nobody is logged in there' : `(login: ${login})`;
      const fact = `registry ${host} does not give it out, ${who}, or there is none: ${words}`;
      return new BangerError('registry.unauthorized', `${what}: ${fact.replace(', (', ' (')}`, {
        hint: `docker login ${host}   (or: skopeo login ${host}), if there is such an image`,
        details,
      });
    }
    case 404:
      return new BangerError('image.not_found', `${what}: registry ${host} has none: ${words}`, {
        hint: `skopeo list-tags docker://${image.replace(/[:@][^/]*$/, '')}`,
        details,
      });
    case 429:
      return new BangerError(
        'registry.failed',
        `${what}: registry ${host} says that too many requests came from here: ${words}`,
        { hint: `Wait for some minutes, or docker login ${host}`, details },
      );
    default:
      return new BangerError('registry.failed', `${what}: registry ${host} answers ${words}`, {
        hint: `banger image pull ${image}`,
        details,
      });
  }
}

export function unreachable(
  { what, host, api, image }: Omit<Asked, 'login'>,
  { fact, isPlain, isDistrusted }: NetworkFailure,
  cause: unknown,
): BangerError {
  const trust = `Put the CA that signed it at /etc/docker/certs.d/${host}/ca.crt`;
  const hint = isPlain
    ? `banger image pull --insecure ${image}`
    : isDistrusted
      ? trust
      : lookAt(api);
  return new BangerError('registry.unreachable', `${what}: registry ${host}: ${fact}`, {
    ...{ cause, hint },
    details: { host },
  });
}

/** What it answers is not what a registry answers. */
export function misbehaves(
  { what, host, api }: Pick<Asked, 'what' | 'host' | 'api'>,
  fact: string,
): BangerError {
  return new BangerError('registry.failed', `${what}: registry ${host} ${fact}`, {
    ...{ details: { host }, hint: lookAt(api) },
  });
}

function lookAt(api: URL): string {
  return `curl -v ${new URL('v2/', api).href}`;
}

/** A failure of the network gets its words, any other stays what it is. */
export function explainBroken(error: unknown, asked: Omit<Asked, 'login'>): unknown {
  const failure = networkFailure(error);
  return failure === undefined ? error : unreachable(asked, failure, error);
}
