import { Buffer } from 'node:buffer';

import { BangerError } from '@banger/protocol/errors';
import type { BuildSource } from '@banger/sdk';

import type { World } from './world.ts';

export interface SourceOperands {
  /** A directory, or `-` */
  readonly context: string;
  /** A path, or `-` */
  readonly file: string | undefined;
}

/** Where a build's files come from; what stdin holds is told by its first bytes, as Docker does. */
export async function readBuildSource(
  { context, file }: SourceOperands,
  { stdin }: Pick<World, 'stdin'>,
): Promise<BuildSource> {
  if (context !== '-') {
    if (file !== '-') return { context, dockerfile: file };
    return { context, dockerfile: { text: await readText(stdin) } };
  }
  if (file === '-') {
    throw new BangerError(
      'usage.invalid',
      'Cannot read both the context and the Dockerfile from stdin',
      {
        hint: 'banger image build -f FILE -',
      },
    );
  }
  refuseTerminal(stdin);
  const chunks = stdin[Symbol.asyncIterator]();
  const first = await take(chunks, TAR_MAGIC_END);
  const rest = following(first, chunks);
  if (isArchive(first)) return { context: rest, dockerfile: file };
  const text = Buffer.concat(await Array.fromAsync(rest)).toString();
  return { context: undefined, dockerfile: { text } };
}

const TAR_MAGIC = 257;
const TAR_MAGIC_END = TAR_MAGIC + 5;
const COMPRESSED = [Buffer.from('1f8b', 'hex'), Buffer.from('28b52ffd', 'hex')];

function isArchive(first: Buffer): boolean {
  const magic = first.toString('latin1', TAR_MAGIC, TAR_MAGIC_END);
  return (
    magic === 'ustar' || COMPRESSED.some((head) => first.subarray(0, head.length).equals(head))
  );
}

async function take(chunks: AsyncIterator<unknown>, atLeast: number): Promise<Buffer> {
  let held = Buffer.alloc(0);
  while (held.length < atLeast) {
    const next = await chunks.next();
    if (next.done === true) break;
    held = Buffer.concat([held, bytesOf(next.value)]);
  }
  return held;
}

async function* following(
  first: Buffer,
  chunks: AsyncIterator<unknown>,
): AsyncGenerator<Buffer, void> {
  yield first;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    yield bytesOf(next.value);
  }
}

function bytesOf(chunk: unknown): Buffer {
  return chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.from(String(chunk));
}

async function readText(stdin: World['stdin']): Promise<string> {
  refuseTerminal(stdin);
  const chunks = await Array.fromAsync(stdin, bytesOf);
  return Buffer.concat(chunks).toString();
}

function refuseTerminal({ isTTY }: World['stdin']): void {
  if (isTTY !== true) return;
  throw new BangerError('usage.invalid', 'Cannot read a Dockerfile or an archive from a terminal', {
    hint: 'banger image build -t NAME .',
  });
}
