import { posix } from 'node:path';

import { nameOfText } from '@banger/sdk/tar/byte-name';

import type { Directory, RegularFile } from '../../rootfs/file-tree.ts';
import type { BuildRun } from './build-deps.ts';
import { openArchives } from './copy/open-archives.ts';
import { findSources, type FoundSource } from './copy/find-sources.ts';
import { layerEntries, plainDirectory } from './copy/layer-entries.ts';
import { layerTar } from './copy/layer-tar.ts';
import { resolveOwner } from './copy/resolve-owner.ts';
import type { CopyInstruction, Heredoc } from './dockerfile/dockerfile.ts';
import { DockerfileProblem } from './dockerfile/problems.ts';
import type { LayerStep } from './make-layer.ts';
import { describeSources } from './received-context.ts';
import { contentOf } from './run-step.ts';
import { partsOf, type StageRoot } from './stage-root.ts';
import type { Variables } from './variables.ts';

/** Where the sources of a COPY are. */
export type CopySource =
  | {
      readonly kind: 'context';
      readonly root: Directory;
      readonly digestOf: (file: RegularFile) => string;
    }
  /** A stage or an image; `key` is equal for equal content */
  | { readonly kind: 'root'; readonly key: string; readonly tree: () => Promise<Directory> };

export interface CopyOrder {
  readonly root: StageRoot;
  readonly instruction: CopyInstruction;
  readonly source: CopySource;
  readonly variables: Variables;
  readonly workingDir: string;
}

/** COPY and ADD: a layer with the sources at their destination, made on the host. */
export function copyStep(run: BuildRun, order: CopyOrder): LayerStep {
  const { instruction, source, variables } = order;
  const { kind } = instruction;
  const asked = variables.expandAll(instruction.sources);
  const inline = instruction.inline.map((heredoc) => inlineFile(heredoc, variables));
  const destination = destinationOf(order, asked.length + inline.length);
  const chown = instruction.chown === undefined ? undefined : variables.expand(instruction.chown);
  const mode = modeOf(instruction.chmod && variables.expand(instruction.chmod));
  const fromContext = source.kind === 'context' ? findSources(source.root, asked) : undefined;
  const described =
    source.kind === 'context'
      ? describeSources(fromContext ?? [], source.digestOf)
      : [source.key, asked];
  const texts = inline.map(({ name, text }) => [name, text]);
  return {
    inputs: [kind, described, texts, destination, chown ?? null, mode ?? null],
    async make(take) {
      const root = await run.deps.readTree(await partsOf(order.root, run.deps.blobs), run.signal);
      const found = fromContext ?? findSources(await treeOf(source), asked);
      await using opened = await openArchives(kind === 'add' ? found : [], run);
      const sources = [...(kind === 'add' ? opened.sources : found), ...inline];
      const isOwn = source.kind === 'root' || kind === 'add';
      const owner =
        chown === undefined
          ? isOwn
            ? undefined
            : { uid: 0, gid: 0 }
          : await resolveOwner(root, chown, run.signal);
      const entries = layerEntries({ sources, root, destination, owner, mode });
      await take(layerTar(entries, run.signal));
    },
  };
}

/** WORKDIR: the directory, when it is not there. */
export function workdirStep(run: BuildRun, root: StageRoot, path: string): LayerStep {
  return {
    inputs: ['workdir', path],
    async make(take) {
      const tree = await run.deps.readTree(await partsOf(root, run.deps.blobs), run.signal);
      const sources = [{ name: '', node: plainDirectory }];
      const owner = { uid: 0, gid: 0 };
      const entries = layerEntries({
        sources,
        root: tree,
        destination: path,
        owner,
        mode: undefined,
      });
      if (entries.length > 0) await take(layerTar(entries, run.signal));
    },
  };
}

function treeOf(source: CopySource): Promise<Directory> {
  return source.kind === 'root' ? source.tree() : Promise.resolve(source.root);
}

function destinationOf({ instruction, variables, workingDir }: CopyOrder, count: number): string {
  const written = variables.expand(instruction.destination);
  const isDirectory = /(?:^|\/)\.?$/.test(written);
  if (count > 1 && !isDirectory) {
    throw new DockerfileProblem(
      `several sources need a directory: "${written}/", with a slash at its end`,
    );
  }
  const absolute = posix.resolve('/', workingDir, written);
  return isDirectory && absolute !== '/' ? `${absolute}/` : absolute;
}

function modeOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^[0-7]{1,5}$/.test(text) && Number.parseInt(text, 8) <= 0o7777) {
    return Number.parseInt(text, 8);
  }
  throw new DockerfileProblem(`--chmod=${text} is not supported: write octal digits, as 755`);
}

/** A heredoc as a file that belongs to root. */
function inlineFile(
  heredoc: Heredoc,
  variables: Variables,
): FoundSource & { readonly text: string } {
  const written = contentOf(heredoc);
  const text = heredoc.isExpanded ? variables.expandContent(written) : written;
  const bytes = Buffer.from(text);
  const segments = bytes.length === 0 ? [] : [{ at: 0, from: 0, sizeBytes: bytes.length }];
  const source = {
    name: `heredoc ${heredoc.name}`,
    async *read(from: number) {
      await Promise.resolve();
      yield bytes.subarray(from);
    },
  };
  const node: RegularFile = {
    ...{ kind: 'file', mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, xattrs: undefined },
    sizeBytes: bytes.length,
    content: { source, segments },
  };
  return { name: nameOfText(heredoc.name), node, text };
}
