import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { BuildRequest } from '@banger/protocol/build';
import { noImageConfig, type ImageConfig } from '@banger/protocol/image-config';
import type { Stage } from '@banger/protocol/progress';
import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';

import { createFakeClock } from '../../host/fake-clock.ts';
import type { Directory } from '../../rootfs/file-tree.ts';
import { mergeLayers } from '../../rootfs/layers/merge-layers.ts';
import type { RootDisks, RootParts } from '../../rootfs/root-disks.ts';
import { createFakeImages } from '../fake-images.ts';
import { createBlobCache } from '../oci/create-blob-cache.ts';
import type { BuildMachines, BuildStep } from './build-machine.ts';
import { createBuildCache } from './create-build-cache.ts';
import { createBuilds } from './create-builds.ts';
import { createContexts } from './create-contexts.ts';

/** Files of a tar or a layer: text, or `undefined` for a directory; a link is `-> target`. */
export type Files = Readonly<Record<string, string | undefined>>;

export function tarOf(files: Files, { mode = 0o644, uid = 0 } = {}): Buffer {
  const parts = Object.entries(files).flatMap(([name, text]) => {
    const target = /^-> (.*)$/.exec(text ?? '')?.[1];
    const kind = text === undefined ? 'directory' : target === undefined ? 'file' : 'link';
    const content = Buffer.from(kind === 'file' ? (text ?? '') : '', 'latin1');
    const { bytes, padding } = encodeHeader({
      ...{ name, kind, linkName: target ?? '', mode: kind === 'directory' ? 0o755 : mode },
      ...{ uid, gid: uid, mtimeNs: 5_000_000_000n, size: content.length },
    });
    return [bytes, content, Buffer.alloc(padding)];
  });
  return Buffer.concat([...parts, TAR_END]);
}

/** What a RUN does: ends with a status, and changes files. */
export type Script = (
  step: BuildStep,
  signal: AbortSignal,
) => Promise<{ readonly exitCode?: number; readonly files?: Files }>;

/** Told before and after each call of what a build works with; what it throws is that call's failure. */
export type OnCall = (call: string, phase: 'before' | 'after') => void;

/** What a base image has in these tests. */
export const baseFiles = {
  'bin/': undefined,
  'bin/sh': 'sh',
  'etc/passwd': 'root:x:0:0::/:\napp:x:7:8::/:\n',
};

/** Everything of a build but machines and disks, with both remembered. */
export async function aBuildWorld(
  script: Script = () => Promise.resolve({}),
  onCall: OnCall = () => undefined,
) {
  const dir = await mkdtemp(join(tmpdir(), 'banger-build-'));
  const clock = createFakeClock();
  const ran: BuildStep[] = [];
  const bases = new Map<string, Directory>();
  const images = createFakeImages({ clock, catalog: [] });
  const blobs = createBlobCache(join(dir, 'blobs'));
  const made: RootParts[] = [];
  const disks: RootDisks = {
    async make({ file, ...parts }, signal) {
      await mergeLayers({ layers: parts.layers }, signal);
      made.push(parts);
      // The store's own files are only remembered in this world.
      if (file.startsWith(dir)) await writeFile(file, 'disk');
      return { sha256: '0'.repeat(64), sizeBytes: 4, init: undefined, entryCount: 1 };
    },
    async makeDelta({ file }) {
      await writeFile(file, 'delta');
    },
    pack: () => {
      throw new Error('nothing is packed here');
    },
    findInit: () => Promise.resolve(undefined),
    readFile: () => Promise.resolve(undefined),
  };
  const machines: BuildMachines = {
    async run(step, takeLayer, signal) {
      ran.push(step);
      const { exitCode = 0, files = {} } = await script(step, signal);
      signal.throwIfAborted();
      if (exitCode === 0) await takeLayer(chunksOf(tarOf(files)));
      return { exitCode };
    },
  };
  const contexts = createContexts({ dir: join(dir, 'work'), clock });
  const readTree = ({ base, layers }: RootParts, signal: AbortSignal) =>
    mergeLayers({ layers, base: base === undefined ? undefined : bases.get(base) }, signal);
  const parts = {
    ...{ images, blobs, disks, machines },
    cache: createBuildCache(join(dir, 'steps')),
  };
  const builds = createBuilds({
    ...watched(parts, onCall),
    ...{ readTree, clock, contexts },
    workDir: join(dir, 'work'),
    platform: { os: 'linux', architecture: 'amd64' },
  });
  return {
    ...{ dir, clock, images, blobs, builds, ran, made, contexts },
    /** An image in the store, with these files */
    async base(name: string, files: Files, config: Partial<ImageConfig> = {}) {
      const signal = new AbortController().signal;
      const stored = await images.make(
        {
          ...{ name, kind: 'oci', description: '' },
          build: () =>
            Promise.resolve({ init: 'agent', notes: [], config: { ...noImageConfig, ...config } }),
        },
        { signal, progress: { stage: () => undefined, warn: () => undefined } },
      );
      const path = join(dir, `${stored.id}.tar`);
      await writeFile(path, tarOf(files));
      const layers = [{ path, compression: 'none' as const }];
      bases.set(stored.rootDisk, await mergeLayers({ layers }, signal));
      return stored;
    },
    /** The tree of what the last build made */
    result: () => {
      const parts = made.at(-1) ?? { layers: [] };
      return readTree(parts, new AbortController().signal);
    },
    [Symbol.asyncDispose]: async () => {
      await contexts[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}

function watched<Parts extends object>(parts: Parts, onCall: OnCall): Parts {
  const told = (call: string, phase: 'before' | 'after') => onCall(call, phase);
  return Object.fromEntries(
    Object.entries(parts).map(([name, part]: [string, Record<string, unknown>]) => [
      name,
      new Proxy(part, {
        get(_, key) {
          const call = Reflect.get(part, key) as unknown;
          if (typeof call !== 'function' || typeof key === 'symbol') return call;
          return (...args: unknown[]) => {
            told(`${name}.${key}`, 'before');
            const result: unknown = call.apply(part, args);
            if (!(result instanceof Promise)) return result;
            return result.then((value: unknown) => {
              told(`${name}.${key}`, 'after');
              return value;
            });
          };
        },
      }),
    ]),
  ) as Parts;
}

export type BuildWorld = Awaited<ReturnType<typeof aBuildWorld>>;

export interface BuildCall extends Partial<BuildRequest> {
  readonly files?: Files;
  readonly signal?: AbortSignal;
}

/** Sends the files, if there are any, and builds. */
export async function build(
  { builds }: BuildWorld,
  lines: readonly string[],
  { files, signal = new AbortController().signal, ...request }: BuildCall = {},
) {
  const stages: Stage[] = [];
  let output = '';
  const progress = {
    stage: (stage: Stage) => void stages.push(stage),
    warn: () => undefined,
    output: (bytes: Uint8Array) => void (output += Buffer.from(bytes).toString()),
  };
  const sent =
    files === undefined ? undefined : await builds.receive(chunksOf(tarOf(files)), signal);
  const image = await builds.build(
    {
      ...{ args: {}, noCache: false, pull: false, keepLayers: false },
      dockerfile: { name: 'Dockerfile', text: `${lines.join('\n')}\n` },
      ...(sent === undefined ? {} : { context: sent.context }),
      ...request,
    },
    { signal, progress },
  );
  const cached = stages
    .filter(({ ms, step }) => ms !== undefined && step?.isCached === true)
    .map(({ text }) => text);
  return { image, cached, stages, output };
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer, void> {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

/** A RUN that writes its command into a file. */
export function touches(path: string): Script {
  return ({ argv }) =>
    Promise.resolve({ files: { [path.slice(1)]: `changed by ${argv.at(-1) ?? ''}` } });
}
