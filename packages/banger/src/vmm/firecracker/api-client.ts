import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';

import { z } from 'zod';

import { type ApiRequest, nameOf } from './api-requests.ts';

/** What Firecracker says is short: the longest answer that is asked for describes an instance. */
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_FAULT_CHARACTERS = 500;
/** Every request but a save and a load takes milliseconds. */
const ANSWER_MS = 10_000;

const Fault = z.object({ fault_message: z.string() });

/** Firecracker answered that it will not. */
export class ApiRefusal extends Error {
  readonly request: string;
  readonly status: number;
  /** In its own words */
  readonly fault: string;

  constructor(request: ApiRequest, status: number, fault: string) {
    super(`Firecracker refused ${nameOf(request)}: ${fault}`);
    this.request = nameOf(request);
    this.status = status;
    this.fault = fault;
  }
}

/** Firecracker's API, on the socket of one process. Each call has a connection of its own, so there is nothing to close. */
export interface ApiClient {
  /**
   * Resolves with the body of the answer, undefined when it has none. Rejects with `ApiRefusal`, or with what is wrong with
   * an answer that is none, is too long, or does not come in time.
   */
  call(request: ApiRequest, options: CallOptions): Promise<unknown>;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  /** 10 s unless told */
  readonly timeoutMs?: number;
}

export function createApiClient(socketPath: string): ApiClient {
  return {
    async call(request, { signal, timeoutMs = ANSWER_MS }) {
      signal.throwIfAborted();
      const late = AbortSignal.timeout(timeoutMs);
      try {
        return await exchange(socketPath, request, AbortSignal.any([signal, late]));
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ApiRefusal) throw error;
        const why = late.aborted
          ? `it did not answer within ${String(timeoutMs / 1000)} s`
          : error instanceof Error
            ? error.message
            : String(error);
        throw new Error(`Firecracker, asked for ${nameOf(request)}: ${why}`, { cause: error });
      }
    },
  };
}

async function exchange(
  socketPath: string,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<unknown> {
  const body = 'body' in request ? JSON.stringify(request.body) : '';
  const call = httpRequest({
    socketPath,
    method: request.method,
    path: request.path,
    agent: false,
    signal,
    headers: {
      accept: 'application/json',
      // Firecracker takes no chunks.
      ...(body !== '' && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }),
    },
  });
  call.end(body);
  const answers: unknown[] = await once(call, 'response', { signal });
  call.on('error', () => undefined); // The body's own error tells.
  const answer = answers[0] as IncomingMessage; // What 'response' gives.
  const text = await readBounded(answer);
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return text === '' ? undefined : JSON.parse(text);
  throw new ApiRefusal(request, status, faultIn(text, status));
}

async function readBounded(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    const part = Buffer.from(chunk as Uint8Array); // No encoding is set.
    bytes += part.length;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new Error(`its answer is longer than ${String(MAX_ANSWER_BYTES)} bytes`);
    }
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** One line for people, whatever came. */
function faultIn(text: string, status: number): string {
  const fault = Fault.safeParse(parsed(text)).data?.fault_message ?? `status ${String(status)}`;
  return fault
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim()
    .slice(0, MAX_FAULT_CHARACTERS);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
