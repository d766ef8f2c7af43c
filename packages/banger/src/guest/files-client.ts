import { type Client, createClient } from '@connectrpc/connect';

import { BangerError } from '@banger/protocol/errors';

import { orAbort } from '../host/or-abort.ts';
import { fileFailure, packedFrom, skippedFrom } from './file-messages.ts';
import { FilesService, type GetTreeResponse } from './generated/banger/guest/v1/files_pb.ts';
import { ANSWER_MS, type GuestCalls } from './guest-calls.ts';
import type { GuestFiles, GuestGet, GuestPacked, GuestPut, GuestSkipped } from './guest-files.ts';
import { PutRequests } from './put-requests.ts';

/** The agent's `FilesService`. */
export function createFilesClient(calls: GuestCalls): GuestFiles {
  const client = createClient(FilesService, calls.transport);
  return {
    put: (request, archive, signal) =>
      calls.stream(verbOf('write', request), signal, (alive) =>
        putTree(client, new PutRequests(request, archive), alive),
      ),
    get(request, signal) {
      const verb = verbOf('read', request);
      return calls.stream(verb, signal, (alive) =>
        getTree(client, request, {
          alive,
          explain: (error) => calls.explain(error, verb, signal),
        }),
      );
    },
  };
}

type FilesClient = Client<typeof FilesService>;

function verbOf(verb: string, { path }: GuestPut | GuestGet): string {
  return `${verb} "${path}"`;
}

/** The answer may come before the end of the archive: then it is a refusal, and no more is sent. */
async function putTree(client: FilesClient, requests: PutRequests, signal: AbortSignal) {
  const over = new AbortController();
  const alive = AbortSignal.any([signal, over.signal]);
  try {
    const answers = client.putTree(requests.messages(alive), { signal: alive });
    const answer = await orAbort(answers[Symbol.asyncIterator]().next(), alive);
    const kind = answer.done === true ? undefined : answer.value.kind;
    if (kind?.case === 'failure') throw fileFailure(kind.value);
    if (kind?.case !== 'done') throw disorder();
    return { path: kind.value.path, entries: Number(kind.value.entries) };
  } catch (error) {
    throw requests.failure ?? error;
  } finally {
    over.abort(new Error('the copy is over'));
  }
}

interface GetHost {
  readonly alive: AbortSignal;
  readonly explain: (error: unknown) => unknown;
}

async function getTree(
  client: FilesClient,
  { path, follow, isNamed }: GuestGet,
  { alive, explain }: GetHost,
): Promise<GuestPacked> {
  const over = new AbortController();
  const signal = AbortSignal.any([alive, over.signal]);
  const answers = client.getTree({ path, follow, named: isNamed }, { signal })[Symbol.asyncIterator]();
  try {
    const soon = AbortSignal.any([alive, AbortSignal.timeout(ANSWER_MS)]);
    const first = await orAbort(answers.next(), soon);
    const kind = first.done === true ? undefined : first.value.kind;
    if (kind?.case === 'failure') throw fileFailure(kind.value);
    if (kind?.case !== 'started') throw disorder();
    return { ...packedFrom(kind.value), archive: archiveOf(answers, signal) };
  } catch (error) {
    over.abort(error);
    throw error;
  }

  async function* archiveOf(
    messages: AsyncIterator<GetTreeResponse>,
    until: AbortSignal,
  ): AsyncGenerator<Uint8Array, GuestSkipped> {
    try {
      for (;;) {
        const next = await orAbort(messages.next(), until);
        const message = next.done === true ? undefined : next.value.kind;
        if (message?.case === 'end') return skippedFrom(message.value);
        if (message?.case === 'failure') throw fileFailure(message.value);
        if (message?.case !== 'data') throw disorder();
        yield message.value;
      }
    } catch (error) {
      throw explain(error);
    } finally {
      over.abort(new Error('the copy is over'));
    }
  }
}

function disorder(): BangerError {
  return new BangerError('guest.protocol', 'The guest sent a message of a copy out of turn');
}
