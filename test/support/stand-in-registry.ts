import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { digestOf, type OciImage } from './oci-image.ts';

/** A registry in this process that serves what it is given, unless a test answers in its stead. */
export interface StandInRegistry extends AsyncDisposable {
  /** `127.0.0.1:40000` */
  readonly host: string;
  /** `GET /v2/app/blobs/sha256:… bytes=5-`, in order */
  readonly requests: string[];
  /** Whom the requests said they were from, in the same order */
  readonly authorizations: (string | undefined)[];
  push(name: string, image: OciImage): void;
  /** A manifest of any kind */
  put(name: string, manifest: Buffer, mediaType?: string): void;
  /** Asked first; true: it has answered */
  onRequest(answer: (request: IncomingMessage, response: ServerResponse) => boolean): void;
}

const TYPE = 'application/vnd.oci.image.manifest.v1+json';

export async function startRegistry(): Promise<StandInRegistry> {
  const manifests = new Map<string, { readonly bytes: Buffer; readonly type: string }>();
  const blobs = new Map<string, Buffer>();
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  let answerFirst: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  const put = (name: string, bytes: Buffer, type = TYPE) => {
    for (const reference of [name, `app@${digestOf(bytes)}`])
      manifests.set(reference, { bytes, type });
  };

  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    requests.push(
      `${request.method ?? ''} ${url}${headers.range === undefined ? '' : ` ${headers.range}`}`,
    );
    authorizations.push(headers.authorization);
    if (answerFirst(request, response)) return;
    const [, kind, reference = ''] = /^\/v2\/app\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
    const manifest = manifests.get(
      reference.startsWith('sha256:') ? `app@${reference}` : `app:${reference}`,
    );
    if (kind === 'manifests' && manifest !== undefined) {
      response.writeHead(200, { 'content-type': manifest.type }).end(manifest.bytes);
      return;
    }
    const blob = kind === 'blobs' ? blobs.get(reference) : undefined;
    if (blob !== undefined) sendBlob(request, response, blob);
    else sendError(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${String(port)}`,
    requests,
    authorizations,
    put,
    push(name, image) {
      put(name, image.manifest);
      for (const [digest, blob] of image.blobs) blobs.set(digest, blob);
    },
    onRequest(answer) {
      answerFirst = answer;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function sendBlob(request: IncomingMessage, response: ServerResponse, blob: Buffer): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const rest = blob.subarray(from);
  const length = { 'content-length': String(rest.length) };
  const range = `bytes ${String(from)}-${String(blob.length - 1)}/${String(blob.length)}`;
  if (from === 0) response.writeHead(200, length).end(rest);
  else response.writeHead(206, { ...length, 'content-range': range }).end(rest);
}

export function sendError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}
