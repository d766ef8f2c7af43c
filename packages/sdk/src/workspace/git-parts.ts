import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';

import { copyIndex } from './checkout.ts';
import { git } from './git.ts';
import type { GitSource } from './git-source.ts';
import { readGitState, type GitState } from './git-state.ts';
import { guestConfig } from './guest-config.ts';
import { cutHistory, SHALLOW_DEPTH } from './history.ts';
import { packObjects, presentObjects } from './pack-objects.ts';
import type { WorkspaceSource } from './source.ts';
import { moduleLinks, modulePath, type Submodule } from './submodules.ts';
import { SUBMODULE_MODE } from './tracked-files.ts';

/** A file of git as it comes to lie in the guest. */
export type GitPart = {
  /** `.git/HEAD` */
  readonly name: string;
  /** Takes the place of what is there */
  readonly replaces: boolean;
} & (
  | { readonly kind: 'text'; readonly bytes: Buffer }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'directory' }
);

/** What the guest has already. */
export interface GuestHistory {
  readonly have: readonly string[];
  readonly shallow: readonly string[];
}

/** What git needs in the guest, made in a directory of its own. */
export interface GitParts {
  readonly parts: readonly GitPart[];
  /** Commits without their parents, those that the guest had included */
  readonly shallow: readonly string[];
  readonly bytes: number;
}

/** Everything that git needs for a checkout that is not there yet, submodules included. */
export async function wholeCheckout(
  source: WorkspaceSource,
  state: GitState,
  signal: AbortSignal,
): Promise<GitParts> {
  const top = await wholeGit(source, { state }, signal);
  return withModules(top, source.submodules, signal);
}

/** What is new for a checkout that is there. Submodules come whole: their history is not followed. */
export async function updatedCheckout(
  source: WorkspaceSource,
  how: { readonly state: GitState; readonly guest: GuestHistory },
  signal: AbortSignal,
): Promise<GitParts> {
  const top = await updatedGit(source, how, signal);
  return withModules(top, source.submodules, signal);
}

async function withModules(
  top: GitParts,
  submodules: readonly Submodule[],
  signal: AbortSignal,
): Promise<GitParts> {
  let all = top;
  for (const { path, git: module } of submodules) {
    const { gitFile, worktree } = moduleLinks(path);
    const state = await readGitState(module, signal);
    const { parts, bytes } = await wholeGit(module, { state, worktree }, signal);
    const link: GitPart = {
      ...{ kind: 'text', name: `${path}/.git`, replaces: true },
      bytes: Buffer.from(gitFile, 'latin1'),
    };
    const moved = parts.map((part) => ({
      ...part,
      name: part.name.replace('.git', () => modulePath(path)),
      replaces: part.kind === 'text' || part.replaces,
    }));
    all = { ...all, parts: [...all.parts, ...moved, link], bytes: all.bytes + bytes };
  }
  return all;
}

/** A whole git directory. */
async function wholeGit(
  source: GitSource,
  { state, worktree }: { readonly state: GitState; readonly worktree?: string },
  signal: AbortSignal,
): Promise<GitParts> {
  const { repository } = source;
  const update = await updatedGit(source, { state, guest: { have: [], shallow: [] } }, signal);
  const packed = state.refs.map(({ name, id }) => `${id} ${name}\n`);
  const exclude = await readFile(repository.files.exclude).catch(() => undefined);
  const attributes = await readFile(repository.files.attributes).catch(() => undefined);
  const parts = [
    directory('objects/pack'),
    directory('refs/heads'),
    directory('refs/tags'),
    ...update.parts,
    text('config', guestConfig(repository, worktree)),
    ...(exclude === undefined ? [] : [text('info/exclude', exclude)]),
    ...(attributes === undefined ? [] : [text('info/attributes', attributes)]),
    ...(packed.length === 0 ? [] : [text('packed-refs', inOrder(packed))]),
    text('HEAD', `${state.head}\n`),
  ];
  return { ...update, parts };
}

/** What is new for a guest that has a part of the history: objects, the boundary, the index. Refs are moved by the guest. */
async function updatedGit(
  source: GitSource,
  { state, guest }: { readonly state: GitState; readonly guest: GuestHistory },
  signal: AbortSignal,
): Promise<GitParts> {
  const { path: dir } = await source.workDirectory();
  const { topLevel } = source.repository;
  const [cut, staged, index] = await Promise.all([
    boundaryOf(source, signal),
    stagedObjects(source, signal),
    source.indexFile ?? copyIndex(source.repository, dir, signal),
  ]);
  const shallow = [...new Set([...cut, ...guest.shallow])];
  const { commit } = source.head;
  const tips = [
    ...(commit === undefined ? [] : [commit]),
    ...state.refs.map(({ id }) => id),
    ...staged,
  ];
  const { objects } = source.repository.files;
  const request = { cwd: topLevel, objects, tips, not: guest.have, boundary: shallow };
  const pack = await packObjects(request, dir, signal);
  const parts: readonly GitPart[] = [
    ...(pack === undefined ? [] : [file(`${pack}.pack`, pack), file(`${pack}.idx`, pack)]),
    ...(shallow.length === 0 ? [] : [text('shallow', lines(shallow), true)]),
    ...(index === undefined
      ? []
      : [{ kind: 'file', name: '.git/index', path: index, replaces: true } as const]),
  ];
  const sizes = parts.map(async (part) =>
    part.kind === 'file' ? (await stat(part.path)).size : 0,
  );
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  return { parts, shallow, bytes };
}

/** Where the history of the guest ends; that of a repository which is cut off itself ends there as well. */
async function boundaryOf(
  { repository, head, mode }: GitSource,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { topLevel, files, settings } = repository;
  const known = await readFile(files.shallow, 'utf8').catch(() => '');
  const own = known.split('\n').filter((line) => line !== '');
  if (mode === 'full_copy' || head.commit === undefined) return own;
  // A partial clone has only the files of what was checked out.
  const isPartial = [...settings].some(([key]) => /^remote\..*\.promisor$/.test(key));
  const depth = isPartial ? 1 : SHALLOW_DEPTH;
  const { boundary } = await cutHistory(topLevel, { tip: head.commit, depth }, signal);
  return [...boundary, ...own];
}

/** Contents that are staged and in no commit yet. */
async function stagedObjects(
  { repository: { topLevel }, index, indexFile, head }: GitSource,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (indexFile !== undefined) return [];
  const unmerged = index.filter(({ stage }) => stage > 0).map(({ id }) => id);
  if (head.commit !== undefined) {
    const args = ['diff-index', '--cached', '--raw', '--no-abbrev', '--no-renames', '-z'];
    const changes = await git({ cwd: topLevel, args: [...args, head.commit] }, signal);
    const headers = changes
      .toString('latin1')
      .split('\0')
      .filter((line) => line.startsWith(':'));
    const fields = headers.map((line) => line.split(' '));
    const added = fields.filter(
      ([, mode, , id = '']) => mode !== SUBMODULE_MODE && /[^0]/.test(id),
    );
    return [...unmerged, ...added.map(([, , , id = '']) => id)];
  }
  const blobs = index.filter(({ mode }) => mode !== SUBMODULE_MODE).map(({ id }) => id);
  return [...(await presentObjects(topLevel, blobs, signal))];
}

function directory(name: string): GitPart {
  return { kind: 'directory', name: `.git/${name}`, replaces: false };
}

function text(name: string, content: string | Buffer, replaces = false): GitPart {
  return { kind: 'text', name: `.git/${name}`, bytes: Buffer.from(content), replaces };
}

function file(path: string, pack: string): GitPart {
  const extension = path.slice(pack.length);
  const name = `.git/objects/pack/${basename(pack)}${extension}`;
  return { kind: 'file', name, path, replaces: false };
}

function inOrder(packed: readonly string[]): string {
  return packed
    .toSorted((a, b) => (a.slice(a.indexOf(' ')) < b.slice(b.indexOf(' ')) ? -1 : 1))
    .join('');
}

function lines(ids: readonly string[]): string {
  return ids.map((id) => `${id}\n`).join('');
}
