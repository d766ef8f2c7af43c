import { closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import { BangerError } from '@banger/protocol/errors';

import { below, quotePath } from './byte-path.ts';
import { gitItem } from './git-item.ts';
import type { GitPart } from './git-parts.ts';
import type { GitRef } from './git-state.ts';
import { item, PIECE_BYTES, readFully } from './pieces.ts';
import {
  encodeManifest,
  encodeMeta,
  entryOf,
  fileKind,
  isSame,
  lookAt,
  uint32,
  type FileEntry,
} from './manifest.ts';

/** The first part of a ship, as guest/internal/workspace/stream.go reads it. */
export interface ShipHeader {
  readonly guestPath: string;
  readonly overwrite: boolean;
  readonly readOnly: boolean;
  readonly gitVersion: string;
  readonly head: string;
  readonly refs: readonly GitRef[];
  readonly shallow: readonly string[];
  readonly gitBytes: number;
}

const verdict = { changed: 0, settled: 1 } as const;

/** A file up to this size is read before anything of it is sent */
const WHOLE_BYTES = 4 * 1024 * 1024;
const ATTEMPTS = 5;
const AGAIN_MS = 50;

/** What a plan is asked for with */
export function* shipHead(
  header: ShipHeader,
  files: readonly FileEntry[],
): Generator<Buffer, void> {
  const text = Buffer.from(JSON.stringify(header));
  yield uint32(text.length);
  yield text;
  yield encodeManifest(files);
}

export interface Contents {
  readonly root: string;
  readonly files: readonly FileEntry[];
  /** Places in `files` */
  readonly want: readonly number[];
  readonly git: readonly GitPart[];
}

/** What follows the head when a ship is applied: contents of files and of git, and the end. */
export async function* shipItems(
  contents: Contents,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const root = Buffer.from(contents.root);
  for (const index of contents.want) {
    const entry = contents.files[index];
    if (entry !== undefined) yield* content({ root, entry, index }, signal);
  }
  for (const part of contents.git) yield* gitItem(part);
  yield Buffer.of(item.end);
}

interface Reading {
  readonly root: Buffer;
  readonly entry: FileEntry;
  readonly index: number;
}

/** Reads a file that may be changed meanwhile: again, until it stood still. */
async function* content(reading: Reading, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  const { root, entry, index } = reading;
  let now: FileEntry | undefined = entry;
  for (let attempt = 1; attempt <= ATTEMPTS && now !== undefined; attempt += 1) {
    if (attempt > 1) await wait(AGAIN_MS, undefined, { signal });
    if (now.kind === fileKind.directory) {
      yield* [itemHead(index, now), Buffer.of(verdict.settled)];
      return;
    }
    if (now.kind === fileKind.link) {
      const target = readLink(below(root, now.path));
      if (target?.length === now.sizeBytes && isStill(root, now)) {
        yield* [itemHead(index, now), target, Buffer.of(verdict.settled)];
        return;
      }
    } else if (yield* fileContent(root, { entry: now, index })) return;
    now = lookAt(root, entry.path);
  }
  throw new BangerError(
    'workspace.changing',
    now === undefined
      ? `Cannot ship "${quotePath(entry.path)}": it was removed while it was shipped`
      : `Cannot ship "${quotePath(entry.path)}": it keeps being changed`,
    { hint: 'Stop what writes it, and ship again' },
  );
}

/** Ends with whether all of it was sent as it was at one moment. */
function* fileContent(
  root: Buffer,
  { entry, index }: { readonly entry: FileEntry; readonly index: number },
): Generator<Buffer, boolean> {
  using file = openFile(below(root, entry.path));
  if (file === undefined) return false;
  const isStillOpen = () =>
    isSame(entry, entryOf(entry.path, fileKind.file, fstatSync(file.descriptor, { bigint: true })));
  if (!isStillOpen()) return false;
  if (entry.sizeBytes <= WHOLE_BYTES) {
    const bytes = Buffer.allocUnsafe(entry.sizeBytes);
    if (readFully(file.descriptor, bytes) < bytes.length || !isStillOpen()) return false;
    yield itemHead(index, entry);
    yield bytes;
    yield Buffer.of(verdict.settled);
    return true;
  }
  yield itemHead(index, entry);
  for (let left = entry.sizeBytes; left > 0;) {
    // What is missing of a file that was cut off is made up: the verdict says that it does not count.
    const bytes = Buffer.alloc(Math.min(PIECE_BYTES, left));
    readFully(file.descriptor, bytes);
    left -= bytes.length;
    yield bytes;
  }
  const isSettled = isStillOpen();
  yield Buffer.of(isSettled ? verdict.settled : verdict.changed);
  return isSettled;
}

function itemHead(index: number, entry: FileEntry): Buffer {
  return Buffer.concat([Buffer.of(item.content), uint32(index), encodeMeta(entry)]);
}

function isStill(root: Buffer, entry: FileEntry): boolean {
  const now = lookAt(root, entry.path);
  return now !== undefined && isSame(now, entry);
}

function readLink(path: Buffer): Buffer | undefined {
  try {
    return readlinkSync(path, { encoding: 'buffer' });
  } catch {
    return undefined; // It is something else by now.
  }
}

function openFile(path: Buffer): (Disposable & { readonly descriptor: number }) | undefined {
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const descriptor = openSync(path, flags);
    return { descriptor, [Symbol.dispose]: () => closeSync(descriptor) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EACCES')
      throw unreadable(path, error);
    return undefined; // It is gone, or something else by now.
  }
}

function unreadable(path: Buffer, cause: Error): BangerError {
  return new BangerError(
    'workspace.unsupported',
    `Cannot ship "${path.toString()}": permission denied`,
    {
      cause,
      hint: `ls -l ${path.toString()}`,
    },
  );
}
