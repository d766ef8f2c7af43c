import { isLoopback } from './loopback.ts';
import type { Wire, WireAnswer, WireRequest } from './wire.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 8;

/** A redirect that is not followed. */
export class RedirectRefusal extends Error {
  override readonly name = 'RedirectRefusal';
}

export interface RedirectRules {
  /** Somebody said that this registry may be insecure: any certificate, and redirects to plain HTTP */
  readonly insecure: boolean;
}

export interface FollowedAnswer extends WireAnswer {
  /** The answer is that of the host that was asked, and not of another that it sent us to */
  readonly isOwn: boolean;
}

/** Sends a GET and follows where it leads. What authorizes it goes to nobody but the host that it was for. */
export async function followRedirects(
  wire: Wire,
  { url, headers, ...rules }: Pick<WireRequest, 'url' | 'headers'> & RedirectRules,
  signal: AbortSignal,
): Promise<FollowedAnswer> {
  let at = url;
  for (let count = 0; count <= MAX_REDIRECTS; count += 1) {
    const isOwn = at.origin === url.origin;
    const { authorization: _, ...open } = headers;
    // The same trust only in the host that it was given to.
    const unverified = rules.insecure && isOwn;
    const sent = { url: at, headers: isOwn ? headers : open, unverified };
    const answer = await wire.exchange(sent, signal);
    if (!REDIRECTS.has(answer.status)) {
      const { status, body } = answer;
      const header = (name: string) => answer.header(name);
      return { status, body, header, drop: () => answer.drop(), isOwn };
    }
    answer.drop();
    at = nextUrl(at, answer.header('location'), rules);
  }
  throw new RedirectRefusal(
    `leads from one place to the next more than ${String(MAX_REDIRECTS)} times`,
  );
}

function nextUrl(at: URL, location: string | undefined, { insecure }: RedirectRules): URL {
  const next = URL.parse(location ?? '', at.href);
  if (location === undefined || next === null) {
    throw new RedirectRefusal('leads to another place and does not say which');
  }
  const isPlain = next.protocol === 'http:' && (insecure || isLoopback(next.hostname));
  if (next.protocol !== 'https:' && !isPlain) {
    throw new RedirectRefusal(`leads to ${next.protocol}//${next.host}, which is not encrypted`);
  }
  next.username = '';
  next.password = '';
  return next;
}
