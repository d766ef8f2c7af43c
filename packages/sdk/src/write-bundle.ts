import { createHash } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { BUNDLE_HEADER, BundleHead } from '@banger/protocol/bundle';
import { BangerError } from '@banger/protocol/errors';

import { signalOf, type CallOptions } from './call-options.ts';
import type { Caller } from './caller.ts';
import { openOutputFile } from './workspace/output-file.ts';

export interface BundleOptions extends CallOptions {
  /**
   * A file to write, or a directory to put it in under its own name, which is made when it is not there and does not end
   * as a bundle does (`.zst`); default: the working directory
   */
  readonly output?: string | undefined;
}

export interface WrittenBundle {
  readonly path: string;
  /** As a catalog beside the file would have it */
  readonly entry: {
    readonly name: string;
    readonly kind: 'bundle';
    readonly description: string;
    readonly architecture: string;
    readonly url: string;
    readonly sha256: string;
    readonly sizeBytes: number;
  };
}

/** Writes what the daemon packs; the file is there when it is whole, or not at all. */
export async function writeBundle(
  caller: Caller,
  path: string,
  options: BundleOptions,
): Promise<WrittenBundle> {
  const { output = '.' } = options;
  const signal = signalOf(options);
  const there = await stat(output).catch(() => undefined);
  const isDirectory = there?.isDirectory() ?? !output.endsWith('.zst');
  const response = await caller.stream(path, {}, options);
  const head = readHead(response.header(BUNDLE_HEADER));
  const stem = `${fileNameOf(head.name)}-${head.architecture}`;
  if (isDirectory) await mkdir(output, { recursive: true });
  await using file = await openOutputFile(isDirectory ? join(output, `${stem}.tar.zst`) : output);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of response.body) {
    signal.throwIfAborted();
    hash.update(chunk);
    sizeBytes += chunk.length;
    await file.write(chunk);
  }
  signal.throwIfAborted();
  const sha256 = hash.digest('hex');
  const name = isDirectory ? `${stem}-${sha256.slice(0, 12)}.tar.zst` : undefined;
  await file.keep(name);
  const written = name === undefined ? output : join(output, name);
  const { description, architecture } = head;
  const offered = {
    name: fileNameOf(head.name),
    kind: 'bundle',
    description,
    architecture,
  } as const;
  return {
    path: resolve(written),
    entry: { ...offered, url: basename(written), sha256, sizeBytes },
  };
}

function readHead(header: string | undefined): BundleHead {
  const text = header === undefined ? '{}' : decodeURIComponent(header);
  const parsed = BundleHead.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new BangerError('internal.bug', 'The daemon does not say what this bundle is');
}

/** Catalogs have plainer names than registries: `ghcr.io/team/app:1` becomes `ghcr.io-team-app-1`. */
function fileNameOf(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  return plain.slice(0, 128) || 'image';
}
