import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';

import { git } from './git.ts';
import type { GitSource } from './git-source.ts';
import { guestConfig } from './guest-config.ts';
import type { WorkspaceSource } from './source.ts';

export interface GitRef {
  /** `refs/heads/main` */
  readonly name: string;
  readonly id: string;
}

/** Where git of the host stands. */
export interface GitState {
  /** What is in `.git/HEAD` */
  readonly head: string;
  readonly refs: readonly GitRef[];
  /** Two states with the same one have the same history, refs and index */
  readonly version: string;
}

/** Of a whole checkout, submodules included. */
export async function readWholeState(
  source: WorkspaceSource,
  signal: AbortSignal,
): Promise<GitState> {
  const state = await readGitState(source, signal);
  if (source.submodules.length === 0) return state;
  const inner = source.submodules.map(({ git: module }) => readGitState(module, signal));
  const versions = (await Promise.all(inner)).map(({ version }) => version);
  return { ...state, version: digest([state.version, ...versions]) };
}

export async function readGitState(source: GitSource, signal: AbortSignal): Promise<GitState> {
  const { head, mode, repository } = source;
  const others = mode === 'full_copy' ? await allRefs(repository.topLevel, signal) : [];
  const { ref, commit } = head;
  const own = ref === undefined || commit === undefined ? [] : [{ name: ref, id: commit }];
  const refs = [...own, ...others.filter(({ name }) => name !== ref)];
  const text = ref === undefined ? (commit ?? '') : `ref: ${ref}`;
  const index = source.indexFile ?? repository.files.index;
  const stats = await stat(index, { bigint: true }).catch(() => undefined);
  const stamp = [stats?.mtimeNs, stats?.ctimeNs, stats?.size, stats?.ino].map(String);
  // Files that were made for this ship have new times in each; the commit says it all.
  const indexVersion = source.indexFile === undefined ? stamp : [];
  const all = [mode, text, commit, refs, guestConfig(repository), indexVersion];
  return { head: text, refs, version: digest(all) };
}

function digest(of: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(of)).digest('hex');
}

/** Branches, tags and what was last fetched; a tag is the tag's own object. Symbolic ones are left out. */
async function allRefs(cwd: string, signal: AbortSignal): Promise<readonly GitRef[]> {
  const format = '--format=%(objectname) %(refname) %(symref)';
  const args = ['for-each-ref', format, 'refs/heads', 'refs/tags', 'refs/remotes'];
  const lines = (await git({ cwd, args }, signal)).toString().split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    const [id = '', name = '', symref = ''] = line.split(' ');
    return symref === '' ? [{ name, id }] : [];
  });
}
