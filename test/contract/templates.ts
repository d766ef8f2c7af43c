import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { TemplateId } from '@banger/protocol/ids';

import type { FakeClock } from '../../packages/banger/src/host/fake-clock.ts';
import { facts } from '../../packages/banger/src/template/fixtures.ts';
import type { MachineFiles } from '../../packages/banger/src/host/machine-files.ts';
import type {
  StoredTemplate,
  Templates,
  TemplateShape,
} from '../../packages/banger/src/template/templates.ts';

export interface TemplatesSubject extends AsyncDisposable {
  readonly templates: Templates;
  /** What they tell the time by */
  readonly clock: FakeClock;
  /** Puts into a draft what a machine of this depth would */
  fill(draft: MachineFiles, depth: 't0' | 't1'): Promise<void>;
  isThere(file: string): Promise<boolean>;
  /** Cuts the template's memory to 12 bytes */
  truncateMemory(id: TemplateId): Promise<void>;
}

const signal = new AbortController().signal;

/** Makes and publishes one. */
export async function publish(
  { templates, fill }: Pick<TemplatesSubject, 'templates' | 'fill'>,
  shape: Partial<TemplateShape> = {},
): Promise<StoredTemplate> {
  const made = facts(shape);
  const id = templates.idOf(made.shape);
  const draft = await templates.draft(id);
  await fill(draft, made.shape.depth);
  return templates.publish(id, draft, made, signal);
}

/** What callers may rely on, from the real templates and from the fake ones. */
export function templatesContract(name: string, open: () => Promise<TemplatesSubject>): void {
  suite(`${name} keep the contract of Templates`, () => {
    test('a published template is found with everything that was said of it', async () => {
      await using subject = await open();
      const { templates, clock } = subject;

      const published = await publish(subject);
      const found = await templates.find(published.id, signal);

      assert.deepEqual(found, { kind: 'whole', template: published });
      assert.deepEqual(published, { ...published, ...facts() });
      assert.equal(published.id, templates.idOf(facts().shape));
      assert.equal(published.createdAt, clock.now().toISOString());
      assert.ok(published.sizeBytes > 0);
      for (const file of ['memory', 'state', 'overlayDisk', 'workDisk'] as const) {
        assert.ok(await subject.isThere(published.files[file]), file);
      }
    });

    test('a template that has opened no disk has none', async () => {
      await using subject = await open();

      const published = await publish(subject, { depth: 't0', image: null });
      const found = await subject.templates.find(published.id, signal);

      assert.equal(found.kind, 'whole');
      assert.equal(published.imageName, null);
      assert.ok(!(await subject.isThere(published.files.overlayDisk)));
    });

    test('there is none before one is published, whatever drafts there are', async () => {
      await using subject = await open();
      const { templates } = subject;
      const id = templates.idOf(facts().shape);
      const draft = await templates.draft(id);
      await subject.fill(draft, 't1');

      const found = await templates.find(id, signal);
      const listed = await templates.list();

      assert.deepEqual(found, { kind: 'none' });
      assert.deepEqual(listed, []);
    });

    test('a second one of an id takes the place of the first', async () => {
      await using subject = await open();
      await publish(subject);
      await subject.clock.advance(1000);

      const second = await publish(subject);

      assert.deepEqual(await subject.templates.list(), [second]);
      assert.equal(second.createdAt, subject.clock.now().toISOString());
      assert.ok(await subject.isThere(second.files.memory));
    });

    test('a draft that is not published is gone when it is discarded, and discarding may be repeated', async () => {
      await using subject = await open();
      const draft = await subject.templates.draft(subject.templates.idOf(facts().shape));
      await subject.fill(draft, 't1');

      await subject.templates.discard(draft);
      await subject.templates.discard(draft);

      assert.ok(!(await subject.isThere(draft.memory)));
    });

    test('a publish that is aborted publishes nothing', async () => {
      await using subject = await open();
      const { templates } = subject;
      const id = templates.idOf(facts().shape);
      const draft = await templates.draft(id);
      await subject.fill(draft, 't1');
      const reason = new Error('enough');

      const published = templates.publish(id, draft, facts(), AbortSignal.abort(reason));

      await assert.rejects(published, reason);
      assert.deepEqual(await templates.find(id, signal), { kind: 'none' });
    });

    test('a damaged one is told of once, is not listed, and is gone', async () => {
      await using subject = await open();
      const { templates } = subject;
      const { id, files } = await publish(subject);

      await subject.truncateMemory(id);
      const listed = await templates.list();
      const first = await templates.find(id, signal);
      const second = await templates.find(id, signal);

      const why = 'its memory file is 12 bytes instead of 67108864';
      assert.deepEqual(listed, []);
      assert.deepEqual(first, { kind: 'damaged', why });
      assert.deepEqual(second, { kind: 'none' });
      assert.ok(!(await subject.isThere(files.state)));
    });

    test('the one that was used last is listed first', async () => {
      await using subject = await open();
      const { templates, clock } = subject;
      const older = await publish(subject, { vcpu: 1 });
      await clock.advance(1000);
      const newer = await publish(subject, { vcpu: 2 });
      const before = await templates.list();

      await clock.advance(1000);
      await templates.touch(older.id);
      const after = await templates.list();

      assert.deepEqual(
        [before, after].map((list) => list.map(({ id }) => id)),
        [
          [newer.id, older.id],
          [older.id, newer.id],
        ],
      );
      assert.equal(after[0]?.lastUsedAt, clock.now().toISOString());
    });

    test('a removed one is gone, and touching or removing it again does nothing', async () => {
      await using subject = await open();
      const { templates } = subject;
      const { id, files } = await publish(subject);

      await templates.remove(id);
      await templates.remove(id);
      await templates.touch(id);

      assert.deepEqual(await templates.find(id, signal), { kind: 'none' });
      assert.ok(!(await subject.isThere(files.memory)));
    });

    test('room is made by removing those that were used longest ago, and none that is to be kept', async () => {
      await using subject = await open();
      const { templates, clock } = subject;
      const made: StoredTemplate[] = [];
      for (const vcpu of [1, 2, 3]) {
        made.push(await publish(subject, { vcpu }));
        await clock.advance(1000);
      }
      const [kept, old, last] = made as [StoredTemplate, StoredTemplate, StoredTemplate];

      await templates.makeRoom(kept.sizeBytes + last.sizeBytes, new Set([kept.id]));

      assert.deepEqual(await templates.list(), [last, kept]);
      assert.ok(!(await subject.isThere(old.files.memory)));
    });

    test('sweeping removes drafts and leaves templates', async () => {
      await using subject = await open();
      const { templates } = subject;
      const published = await publish(subject);
      const draft = await templates.draft(published.id);
      await subject.fill(draft, 't1');

      await templates.sweep(signal);

      assert.ok(!(await subject.isThere(draft.memory)));
      assert.deepEqual(await templates.list(), [published]);
    });

    test('two may look for one at the same time', async () => {
      await using subject = await open();
      const { id } = await publish(subject);

      const found = await Promise.all([1, 2].map(() => subject.templates.find(id, signal)));

      assert.deepEqual(
        found.map(({ kind }) => kind),
        ['whole', 'whole'],
      );
    });
  });
}
