import type { TemplateId } from '@banger/protocol/ids';

import type { Clock } from '../host/clock.ts';
import { machineFilesIn } from '../host/machine-files.ts';
import { chooseEvictions } from './choose-evictions.ts';

import { templateIdOf } from './template-id.ts';
import type { StoredTemplate, Templates } from './templates.ts';

export interface FakeTemplates extends Templates {
  readonly stored: ReadonlyMap<TemplateId, StoredTemplate>;
  /** Directories of drafts that nobody has published or discarded */
  readonly drafts: ReadonlySet<string>;
  /** Templates that somebody has tampered with, and what the next `find` says of it */
  readonly damaged: Map<TemplateId, string>;
}

export interface FakeTemplatesOptions {
  readonly clock: Clock;
  /** Told when a directory, and all files in it, gets another name or is removed */
  readonly files?: {
    moveAll(fromDir: string, toDir: string): void;
    removeAll(dir: string): void;
  };
}

const SIZE_BYTES = 450 * 1024 * 1024;

/** Templates that are only remembered, with the files that other fakes have. */
export function createFakeTemplates({
  clock,
  files = { moveAll: () => undefined, removeAll: () => undefined },
}: FakeTemplatesOptions): FakeTemplates {
  const stored = new Map<TemplateId, StoredTemplate>();
  const drafts = new Set<string>();
  const damaged = new Map<TemplateId, string>();
  const dirOf = (id: TemplateId) => `/templates/${id}`;
  const forget = (id: TemplateId) => {
    stored.delete(id);
    damaged.delete(id);
    files.removeAll(dirOf(id));
  };
  const list = () =>
    [...stored.values()]
      .filter(({ id }) => !damaged.has(id))
      .toSorted((a, b) => b.lastUsedAt.localeCompare(a.lastUsedAt));
  let draftCount = 0;

  return {
    stored,
    drafts,
    damaged,
    idOf: templateIdOf,
    async find(id, signal) {
      signal.throwIfAborted();
      await Promise.resolve();
      const template = stored.get(id);
      const why = damaged.get(id);
      if (template === undefined) return { kind: 'none' };
      if (why === undefined) return { kind: 'whole', template };
      forget(id);
      return { kind: 'damaged', why };
    },
    async draft() {
      await Promise.resolve();
      draftCount += 1;
      const dir = `/templates/.making-${String(draftCount)}`;
      drafts.add(dir);
      return machineFilesIn(dir);
    },
    async publish(id, { dir }, facts, signal) {
      signal.throwIfAborted();
      await Promise.resolve();
      if (!drafts.delete(dir))
        throw new Error(`ENOENT: no such file or directory, rename '${dir}'`);
      forget(id);
      files.moveAll(dir, dirOf(id));
      const createdAt = clock.now().toISOString();
      const times = { createdAt, lastUsedAt: createdAt };
      const where = { files: machineFilesIn(dirOf(id)), sizeBytes: SIZE_BYTES };
      const template: StoredTemplate = { id, ...facts, ...times, ...where };
      stored.set(id, template);
      return template;
    },
    async discard({ dir }) {
      await Promise.resolve();
      drafts.delete(dir);
      files.removeAll(dir);
    },
    list: () => Promise.resolve(list()),
    async touch(id) {
      await Promise.resolve();
      const template = stored.get(id);
      if (template === undefined) return;
      stored.set(id, { ...template, lastUsedAt: clock.now().toISOString() });
    },
    async remove(id) {
      await Promise.resolve();
      forget(id);
    },
    async makeRoom(maxBytes, keep) {
      await Promise.resolve();
      for (const id of chooseEvictions(list(), { maxBytes, keep })) forget(id);
    },
    async sweep(signal) {
      signal.throwIfAborted();
      await Promise.resolve();
      for (const dir of drafts) files.removeAll(dir);
      drafts.clear();
    },
  };
}
