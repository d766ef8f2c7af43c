import type { MessageInitShape } from '@bufbuild/protobuf';

import { toBangerError } from '../../packages/protocol/src/errors.ts';
import {
  type FileFailure,
  FileFailure_Reason as Reason,
  FileKind,
  type GetTreeRequest,
  type GetTreeResponseSchema,
  type PutTreeRequest,
  type PutTreeResponseSchema,
} from '../../packages/banger/src/guest/generated/banger/guest/v1/files_pb.ts';
import type { Guest } from '../../packages/banger/src/guest/guest.ts';
import { refusing } from './stand-in-failures.ts';

type PutAnswer = MessageInitShape<typeof PutTreeResponseSchema>;
type GetAnswer = MessageInitShape<typeof GetTreeResponseSchema>;

const reasons: Readonly<Record<string, Reason>> = {
  'files.not_found': Reason.NOT_FOUND,
  'files.wrong_kind': Reason.WRONG_KIND,
  'files.bad_archive': Reason.BAD_ARCHIVE,
};

/** The agent's PutTree in front of a fake guest. */
export async function* servePut(
  guest: Guest,
  requests: AsyncIterable<PutTreeRequest>,
  signal: AbortSignal,
): AsyncGenerator<PutAnswer, void> {
  const incoming = requests[Symbol.asyncIterator]();
  const first = (await incoming.next()).value as PutTreeRequest; // The client sends it at once.
  if (first.kind.case !== 'start') throw new Error('the first request is not start');
  const { path, name, archive, makeParents } = first.kind.value;
  const text = Buffer.from(name).toString();
  const request = { path, isArchive: archive, makeParents, ...(text === '' ? {} : { name: text }) };
  try {
    const placed = await guest.files.put(request, archiveFrom(incoming), signal);
    yield { kind: { case: 'done', value: { ...placed, entries: BigInt(placed.entries) } } };
  } catch (error) {
    yield { kind: { case: 'failure', value: await failureOf(error) } };
  }
}

async function* archiveFrom(incoming: AsyncIterator<PutTreeRequest>) {
  for (;;) {
    const next = await incoming.next();
    if (next.done === true) throw new Error('the archive broke off');
    const { kind } = next.value;
    if (kind.case === 'end') return;
    if (kind.case === 'data') yield kind.value;
  }
}

/** The agent's GetTree in front of a fake guest. */
export async function* serveGet(
  guest: Guest,
  { path, follow, named }: GetTreeRequest,
  signal: AbortSignal,
): AsyncGenerator<GetAnswer, void> {
  try {
    const packed = await guest.files.get({ path, follow, isNamed: named }, signal);
    const { sizeBytes } = packed;
    const started = { fileKind: kinds[packed.kind], sizeBytes: BigInt(sizeBytes) };
    yield { kind: { case: 'started', value: started } };
    for await (const value of packed.archive) {
      yield { kind: { case: 'data', value: new Uint8Array(value) } };
    }
    yield { kind: { case: 'end', value: {} } };
  } catch (error) {
    yield { kind: { case: 'failure', value: await failureOf(error) } };
  }
}

const kinds = {
  file: FileKind.FILE,
  directory: FileKind.DIRECTORY,
  link: FileKind.LINK,
  other: FileKind.OTHER,
} as const;

/** What is no matter of files is refused as the agent does it. */
async function failureOf(error: unknown): Promise<Pick<FileFailure, 'reason' | 'message'>> {
  const { code, message } = toBangerError(error);
  const reason = reasons[code];
  if (reason === undefined) return refusing(Promise.reject(toBangerError(error)));
  return { reason, message };
}
