import type { Route } from '@banger/protocol/route';
import { fillPath } from '@banger/protocol/streams';

import type { TransportRequest } from './transport.ts';

export type Input = Readonly<Record<string, unknown>>;

/** A route and its input as an HTTP request: path parameters first, the rest is the query or the JSON body. */
export function buildRequest(
  route: Route,
  input: Input,
  headers: Readonly<Record<string, string>>,
): TransportRequest {
  const { method } = route;
  const inPath = new Set(Array.from(route.path.matchAll(/:([a-z]+)/gi), ([, name]) => name));
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  const path = fillPath(route.path, texts(given.filter(([name]) => inPath.has(name))));
  const rest = given.filter(([name]) => !inPath.has(name));
  const repeatable = method === 'GET' || route.repeatable === true;

  if (method === 'GET' || method === 'DELETE') {
    return { method, path: withQuery(path, texts(rest)), headers, repeatable };
  }
  const body = JSON.stringify(Object.fromEntries(rest));
  const length = String(Buffer.byteLength(body));
  return {
    method,
    path,
    headers: { ...headers, 'content-type': 'application/json', 'content-length': length },
    body,
    repeatable,
  };
}

export function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? path : `${path}?${text}`;
}

function texts(entries: readonly (readonly [string, unknown])[]): Record<string, string> {
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
