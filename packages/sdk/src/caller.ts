import type { OperationId } from '@banger/protocol/ids';
import { newOperationId } from '@banger/protocol/ids';
import type { Route } from '@banger/protocol/route';
import { OPERATION_HEADER } from '@banger/protocol/streams';
import type { z } from 'zod';

import { buildRequest } from './build-request.ts';
import { signalOf, type CallOptions } from './call-options.ts';
import { followWork, type Work } from './follow-work.ts';
import { checkAnswer } from './check-answer.ts';
import { readWireError } from './read-error.ts';
import { readText } from './read-text.ts';
import type { Transport, TransportResponse } from './transport.ts';

/** Makes requests for one `Banger`. */
export interface Caller {
  readonly transport: Transport;
  readonly call: <I extends z.ZodObject, O extends z.ZodType>(
    route: Route<I, O>,
    input: z.input<I>,
    options: CallOptions,
  ) => Promise<z.output<O>>;
  /** Like `call` for a route with progress whose connection is to stay open after the result. */
  begin<I extends z.ZodObject, O extends z.ZodType>(
    route: Route<I, O>,
    input: z.input<I>,
    options: CallOptions,
  ): Promise<Work<z.output<O>>>;
  /** A GET whose answer is a stream; ends when the daemon ends it or the signal aborts. */
  stream(path: string, headers: Headers, options: CallOptions): Promise<TransportResponse>;
  /** A PUT whose body is a stream. Resolves with the head of the answer. */
  upload(
    path: string,
    body: AsyncIterable<Uint8Array>,
    options: CallOptions,
  ): Promise<TransportResponse>;
  headers(): Headers;
  /** The same, with one operation id for all that follows. */
  inOneOperation(): Caller;
}

export type Headers = Readonly<Record<string, string>>;

/** With `operation` all calls carry that id; without, each has its own. */
export function createCaller(transport: Transport, operation?: OperationId): Caller {
  const headers = () => ({ [OPERATION_HEADER]: operation ?? newOperationId() });

  const caller: Caller = {
    transport,
    headers,
    inOneOperation: () =>
      operation === undefined ? createCaller(transport, newOperationId()) : caller,
    async call(route, input, options) {
      if (route.progress === true) {
        const work = await caller.begin(route, input, options);
        await work.ended;
        return work.result;
      }
      const request = buildRequest(route, input, { ...headers(), accept: 'application/json' });
      const response = await transport.request(request, signalOf(options));
      await rejectErrors(response);
      return checkAnswer(route, JSON.parse(await readText(response.body)));
    },
    async begin(route, input, options) {
      const sent = { ...headers(), accept: 'application/x-ndjson' };
      const request = buildRequest(route, input, sent);
      return followWork(transport, { route, request }, options);
    },
    async stream(path, extra, options) {
      const request = { method: 'GET', path, repeatable: true } as const;
      const response = await transport.request(
        { ...request, headers: { ...headers(), ...extra } },
        signalOf(options),
      );
      await rejectErrors(response);
      return response;
    },
    async upload(path, body, options) {
      const type = { 'content-type': 'application/octet-stream' };
      const request = { method: 'PUT', path, body, repeatable: false } as const;
      const response = await transport.request(
        { ...request, headers: { ...headers(), ...type } },
        signalOf(options),
      );
      await rejectErrors(response);
      return response;
    },
  };
  return caller;
}

export async function rejectErrors(response: TransportResponse): Promise<void> {
  if (response.status >= 400) throw await readWireError(response.status, response.body);
}
