import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';

const FILES = 20_000;
const FILES_PER_DIRECTORY = 50;
const FILE_BYTES = 15_000;
/** Of each file as many bytes are noise, which no compression makes smaller */
const NOISE_BYTES = 5_000;
const MTIME_NS = 1_700_000_000_000_000_000n;

/** A layer of 20,000 files and 300 MB, which gzip brings to a bit more than a third: as those of distributions are. */
export async function writeSampleLayer(file: string): Promise<void> {
  await pipeline(Readable.from(entries()), createWriteStream(file));
}

function* entries(): Generator<Buffer, void> {
  const own = { linkName: '', uid: 0, gid: 0, mtimeNs: MTIME_NS };
  const random = createRandom(1);
  for (let at = 0; at < FILES; at += 1) {
    const dir = `usr/lib/package-${String(Math.floor(at / FILES_PER_DIRECTORY))}`;
    if (at % FILES_PER_DIRECTORY === 0) {
      yield encodeHeader({ ...own, name: `${dir}/`, kind: 'directory', mode: 0o755, size: 0 })
        .bytes;
    }
    const name = `${dir}/file-${String(at)}`;
    const { bytes, padding } = encodeHeader({
      ...{ ...own, name, kind: 'file', mode: 0o644, size: FILE_BYTES },
    });
    yield Buffer.concat([bytes, content(random), Buffer.alloc(padding)]);
  }
  yield TAR_END;
}

function content(random: () => number): Buffer {
  const bytes = Buffer.alloc(FILE_BYTES, `line ${String(random())} of something that repeats\n`);
  for (let at = 0; at < NOISE_BYTES; at += 4) bytes.writeUInt32LE(random(), at);
  return bytes;
}

/** The same numbers each time: mulberry32 (github.com/bryc/code, PRNGs). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
