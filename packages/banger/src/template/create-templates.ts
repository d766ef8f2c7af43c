import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { TemplateId } from '@banger/protocol/ids';

import type { Clock } from '../host/clock.ts';
import { explainFileError } from '../host/file-errors.ts';
import { machineFilesIn } from '../host/machine-files.ts';
import { unlessMissing } from '../host/missing-files.ts';
import type { Processes } from '../host/processes.ts';
import { BackgroundSums } from './background-sums.ts';
import { createChecksum } from './checksum.ts';
import { chooseEvictions } from './choose-evictions.ts';
import { sealTemplate } from './seal-template.ts';
import { usedFileIn } from './template-files.ts';
import { templateIdOf } from './template-id.ts';
import { sealsOf, writeManifest } from './template-manifest.ts';
import type { StoredTemplate, Templates } from './templates.ts';
import { Turns } from './turns.ts';
import { lookAtTemplate, verifyTemplate, type Looked } from './verify-template.ts';

export interface TemplatesOptions {
  readonly dir: string;
  readonly clock: Clock;
  readonly processes: Processes;
  /** The daemon's PATH */
  readonly path: string | undefined;
  /** Of the host: after another boot, content is not believed before it has been read */
  readonly bootId: string;
}

/** Disposing it ends the work in the background; `sweep` of the next one takes it up again. */
export interface TemplateStore extends Templates, AsyncDisposable {
  /** Resolves when nothing is done in the background. */
  settled(): Promise<void>;
}

const never = new AbortController().signal;

/** Templates as directories below `dir`: docs/state-on-disk.md has what is in them. */
export function createTemplates(options: TemplatesOptions): TemplateStore {
  const { dir: storeDir, clock, bootId } = options;
  const checksum = createChecksum(options);
  const turns = new Turns<TemplateId>();
  const sums = new BackgroundSums({
    clock,
    checksum,
    record: ({ id, dir, manifest }, signal) =>
      turns.take(id, signal, async () => {
        signal.throwIfAborted();
        await writeManifest(dir, manifest);
      }),
  });
  const dirOf = (id: TemplateId): string => join(storeDir, id);

  const list = async (): Promise<readonly StoredTemplate[]> => {
    const ids = (await namesIn(storeDir)).filter(isTemplateId);
    const found = await Promise.all(
      ids.map(async (id) => {
        const looked = await lookAtTemplate(id, dirOf(id));
        return looked.kind === 'whole' ? [await stored(id, looked)] : [];
      }),
    );
    return found.flat().toSorted((a, b) => Date.parse(b.lastUsedAt) - Date.parse(a.lastUsedAt));
  };
  const remove = (id: TemplateId): Promise<void> => turns.take(id, never, () => discard(id));

  return {
    idOf: templateIdOf,
    list,
    remove,

    find: (id, signal) =>
      turns.take(id, signal, async () => {
        const looked = await verifyTemplate({ id, dir: dirOf(id), bootId, checksum, signal });
        if (looked.kind === 'whole') return { kind: 'whole', template: await stored(id, looked) };
        if (looked.kind === 'damaged') await discard(id);
        return looked;
      }),

    async draft() {
      const dir = join(storeDir, `.making-${randomUUID()}`);
      try {
        await mkdir(dir, { recursive: true, mode: 0o700 });
      } catch (error) {
        throw explainFileError(error, `Cannot make directory "${dir}"`);
      }
      return machineFilesIn(dir);
    },

    publish: (id, draft, facts, signal) =>
      turns.take(id, signal, async () => {
        assert.equal(templateIdOf(facts.shape), id, 'a template is stored by its shape');
        try {
          const manifest = await sealTemplate(draft.dir, { facts, bootId, createdAt: clock.now() });
          signal.throwIfAborted();
          await discard(id, draft.dir);
          sums.start({ id, dir: dirOf(id), manifest });
        } catch (error) {
          throw explainFileError(error, `Cannot store template "${id}"`);
        }
        const looked = await lookAtTemplate(id, dirOf(id));
        assert(looked.kind === 'whole', `template "${id}" was changed while it was stored`);
        return stored(id, looked);
      }),

    discard: ({ dir }) => rm(dir, { recursive: true, force: true }),

    async touch(id) {
      const now = clock.now();
      await utimes(usedFileIn(dirOf(id)), now, now).catch(unlessMissing);
    },

    async makeRoom(maxBytes, keep) {
      for (const id of chooseEvictions(await list(), { maxBytes, keep })) await remove(id);
    },

    async sweep(signal) {
      for (const name of await namesIn(storeDir)) {
        signal.throwIfAborted();
        const dir = join(storeDir, name);
        const looked = isTemplateId(name) ? await lookAtTemplate(name, dir) : undefined;
        if (looked?.kind !== 'whole' || !isTemplateId(name)) {
          await rm(dir, { recursive: true, force: true });
          continue;
        }
        const { manifest } = looked;
        const lacksSums = sealsOf(manifest).some(([, { crc32 }]) => crc32 === null);
        if (lacksSums && manifest.bootId === bootId) sums.start({ id: name, dir, manifest });
      }
    },

    settled: () => sums.settled(),
    [Symbol.asyncDispose]: () => sums[Symbol.asyncDispose](),
  };

  /** Out of reach at once, then gone; with a successor in its place, if there is one. */
  async function discard(id: TemplateId, successor?: string): Promise<void> {
    sums.cancel(id);
    const aside = join(storeDir, `.removed-${randomUUID()}`);
    await rename(dirOf(id), aside).catch(unlessMissing);
    if (successor !== undefined) await rename(successor, dirOf(id));
    await rm(aside, { recursive: true, force: true });
  }

  async function stored(
    id: TemplateId,
    { manifest, files }: Extract<Looked, { kind: 'whole' }>,
  ): Promise<StoredTemplate> {
    const { shape, imageName, kernelName, randomSample, createdAt } = manifest;
    const used = await stat(usedFileIn(dirOf(id))).catch(unlessMissing);
    return {
      ...{ id, shape, imageName, kernelName, randomSample, createdAt },
      lastUsedAt: used?.mtime.toISOString() ?? createdAt,
      sizeBytes: files.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0),
      files: machineFilesIn(dirOf(id)),
    };
  }
}

function isTemplateId(name: string): name is TemplateId {
  return TemplateId.safeParse(name).success;
}

async function namesIn(dir: string): Promise<readonly string[]> {
  return (await readdir(dir).catch(unlessMissing)) ?? [];
}
