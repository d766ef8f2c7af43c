import assert from 'node:assert/strict';
import {
  access,
  chmod,
  mkdir,
  mkdtempDisposable,
  open as openFile,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import type { TemplateId } from '@banger/protocol/ids';

import {
  publish,
  templatesContract,
  type TemplatesSubject,
} from '../../../../test/contract/templates.ts';
import { createFakeClock } from '../host/fake-clock.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import { createTemplates, type TemplateStore } from './create-templates.ts';
import { facts } from './fixtures.ts';
import { templateIdOf } from './template-id.ts';
import type { MachineFiles } from '../host/machine-files.ts';

const signal = new AbortController().signal;
const MEMORY_BYTES = 64 * 1024 * 1024;

interface Subject extends TemplatesSubject {
  readonly dir: string;
  readonly templates: TemplateStore;
  /** The next daemon's, in this or in another boot of the host */
  reopen(bootId?: string): TemplateStore;
}

async function open(): Promise<Subject> {
  const owned = new AsyncDisposableStack();
  const root = owned.use(await mkdtempDisposable(join(tmpdir(), 'banger-templates-')));
  const dir = join(root.path, 'templates');
  const clock = createFakeClock();
  const breathing = { ...clock, wait: () => Promise.resolve() };
  const processes = createSystemProcesses();
  const path = process.env['PATH'];
  const reopen = (bootId = 'first') =>
    owned.use(createTemplates({ dir, clock: breathing, processes, path, bootId }));
  const templates = reopen();
  return {
    ...{ dir, templates, clock, fill, reopen },
    isThere: (file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    truncateMemory: (id) => tamper(join(dir, id, 'memory'), (file) => truncate(file, 12)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A memory with something at its beginning, something at its end and a hole between them. */
async function fill(
  { memory, state, overlayDisk, workDisk }: MachineFiles,
  depth: 't0' | 't1',
): Promise<void> {
  await writeFile(state, 'devices');
  await using handle = await openFile(memory, 'wx');
  await handle.truncate(MEMORY_BYTES);
  await handle.write('first', 0);
  await handle.write('last', MEMORY_BYTES - 4);
  if (depth === 't0') return;
  await writeFile(overlayDisk, 'overlay');
  await writeFile(workDisk, 'work');
}

async function tamper(file: string, how: (file: string) => Promise<void>): Promise<void> {
  await chmod(file, 0o600);
  await how(file);
  await chmod(file, 0o400);
}

/** Another content of the same size, with the times it had. */
async function changeSecretly(file: string): Promise<void> {
  const { atime, mtime } = await stat(file);
  await tamper(file, async () => {
    await using handle = await openFile(file, 'r+');
    await handle.write('F', 0);
  });
  await utimes(file, atime, mtime);
}

templatesContract('real templates', open);

suite('templates on disk', () => {
  test('nobody else can read them and nobody writes to them', async () => {
    await using subject = await open();

    const { files } = await publish(subject);

    const mode = async (path: string) => (await stat(path)).mode & 0o777;
    assert.equal(await mode(files.dir), 0o700);
    for (const file of [files.memory, files.state, files.overlayDisk, files.workDisk]) {
      assert.equal(await mode(file), 0o400);
    }
  });

  test('after a reboot of the host the content is read once, then believed', async () => {
    await using subject = await open();
    const { id, files } = await publish(subject);
    await subject.templates.settled();
    const manifest = join(files.dir, 'manifest.json');

    const first = await subject.reopen('second').find(id, signal);
    const recorded = await readFile(manifest, 'utf8');
    await rm(manifest);
    await writeFile(manifest, recorded.replace(/"crc32": \d+/g, '"crc32": 1'));
    const second = await subject.reopen('second').find(id, signal);
    const third = await subject.reopen('third').find(id, signal);

    assert.equal(first.kind, 'whole');
    assert.equal(second.kind, 'whole');
    assert.deepEqual(third, { kind: 'damaged', why: 'its memory file has changed' });
  });

  test('content that a crash of the host has lost is found out', async () => {
    await using subject = await open();
    const { id, files } = await publish(subject);
    await subject.templates.settled();
    await tamper(files.overlayDisk, (file) => writeFile(file, '\0'.repeat('overlay'.length)));

    const found = await subject.reopen('second').find(id, signal);

    assert.deepEqual(found, { kind: 'damaged', why: 'its overlay.ext4 file has changed' });
    assert.deepEqual(await readdir(subject.dir), []);
  });

  test('a file that was written to is found out, even when its times are set back', async () => {
    await using subject = await open();
    const { id, files } = await publish(subject);
    await subject.templates.settled();
    await changeSecretly(files.memory);

    const found = await subject.templates.find(id, signal);

    assert.deepEqual(found, { kind: 'damaged', why: 'its memory file has changed' });
  });

  test('other times with the same content are no damage, and are read about only once', async () => {
    await using subject = await open();
    const { id, files } = await publish(subject);
    await subject.templates.settled();
    await utimes(files.memory, 1, 1);

    const found = await subject.templates.find(id, signal);

    const manifest = await readFile(join(files.dir, 'manifest.json'), 'utf8');
    assert.equal(found.kind, 'whole');
    assert.match(manifest, /"mtimeNs": "1000000000"/);
  });

  test('before its checksums are made it is believed in this boot of the host only', async () => {
    await using subject = await open();
    const { id, files } = await publish(subject);
    await subject.templates[Symbol.asyncDispose]();
    assert.match(await readFile(join(files.dir, 'manifest.json'), 'utf8'), /"crc32": null/);

    const sameBoot = await subject.reopen('first').find(id, signal);
    const nextBoot = await subject.reopen('second').find(id, signal);

    assert.equal(sameBoot.kind, 'whole');
    assert.deepEqual(nextBoot, {
      kind: 'damaged',
      why: 'the host was restarted before its checksums were made',
    });
  });

  test('before its checksums are made, any change is damage', async () => {
    await using subject = await open();
    const { id, files } = await publish(subject);
    await subject.templates[Symbol.asyncDispose]();
    await changeSecretly(files.state);

    const found = await subject.reopen().find(id, signal);

    assert.deepEqual(found, { kind: 'damaged', why: 'its state file has changed' });
  });

  test('the next daemon makes the checksums that this one could not', async () => {
    await using subject = await open();
    const { id } = await publish(subject);
    await subject.templates[Symbol.asyncDispose]();

    const next = subject.reopen();
    await next.sweep(signal);
    await next.settled();

    assert.equal((await subject.reopen('second').find(id, signal)).kind, 'whole');
  });

  test('checksums of a template that was replaced meanwhile are not taken for those of the new one', async () => {
    await using subject = await open();
    await publish(subject);
    const draft = await subject.templates.draft(templateIdOf(facts().shape));
    await fill(draft, 't1');
    await writeFile(draft.state, 'other devices');

    const { id } = await subject.templates.publish(
      templateIdOf(facts().shape),
      draft,
      facts(),
      signal,
    );
    await subject.templates.settled();

    assert.equal((await subject.reopen('second').find(id, signal)).kind, 'whole');
  });

  for (const [what, why, damage] of [
    ['a missing file', 'its state file is missing', (dir) => rm(join(dir, 'state'))],
    [
      'a manifest that is none',
      'its manifest cannot be read',
      (dir) => writeFile(join(dir, 'manifest.json'), '{}'),
    ],
    ['a missing manifest', 'its manifest cannot be read', (dir) => rm(join(dir, 'manifest.json'))],
    [
      'a manifest of another format',
      'its manifest cannot be read',
      (dir) => edit(join(dir, 'manifest.json'), '"format": 1', '"format": 2'),
    ],
    [
      'a manifest of another template',
      'its manifest is of another template',
      (dir) => edit(join(dir, 'manifest.json'), '"vcpu": 2', '"vcpu": 3'),
    ],
  ] satisfies [string, string, (dir: string) => Promise<void>][]) {
    test(`${what} is damage`, async () => {
      await using subject = await open();
      const { id, files } = await publish(subject);
      await damage(files.dir);

      const found = await subject.templates.find(id, signal);

      assert.deepEqual(found, { kind: 'damaged', why });
      assert.deepEqual(await readdir(subject.dir), []);
    });
  }

  test('two that look at one after a reboot read it once after the other and agree', async () => {
    await using subject = await open();
    const { id } = await publish(subject);
    await subject.templates.settled();
    const next = subject.reopen('second');

    const found = await Promise.all([1, 2].map(() => next.find(id, signal)));

    assert.deepEqual(found[0], found[1]);
    assert.equal(found[0]?.kind, 'whole');
  });

  test('a look that is aborted while it reads rejects with the reason and damages nothing', async () => {
    await using subject = await open();
    const { id } = await publish(subject);
    await subject.templates.settled();
    const next = subject.reopen('second');
    const stop = new AbortController();
    const reason = new Error('enough');

    const found = next.find(id, stop.signal);
    setImmediate(() => stop.abort(reason));

    await assert.rejects(found, reason);
    assert.equal((await next.find(id, signal)).kind, 'whole');
  });

  test('sweeping removes what is no template', async () => {
    await using subject = await open();
    const { id, files } = await publish(subject);
    await subject.templates.settled();
    await mkdir(join(subject.dir, 'tpl_0000000000000000'));
    await mkdir(join(subject.dir, '.removed-1'));
    await writeFile(join(subject.dir, '.manifest-1'), '');
    await rename(files.dir, `${files.dir.slice(0, -1)}${files.dir.endsWith('0') ? '1' : '0'}`);

    await subject.templates.sweep(signal);

    assert.deepEqual(await readdir(subject.dir), []);
    assert.deepEqual(await subject.templates.find(id, signal), { kind: 'none' });
  });

  test('sweeping where nothing ever was does nothing', async () => {
    await using subject = await open();

    await subject.templates.sweep(signal);

    assert.deepEqual(await subject.templates.list(), []);
  });

  test('a draft without its memory cannot be published', async () => {
    await using subject = await open();
    const id: TemplateId = templateIdOf(facts().shape);
    const draft = await subject.templates.draft(id);

    const published = subject.templates.publish(id, draft, facts(), signal);

    await assert.rejects(published, /ENOENT.*memory/);
    assert.deepEqual(await subject.templates.find(id, signal), { kind: 'none' });
  });
});

async function edit(file: string, from: string, to: string): Promise<void> {
  await writeFile(file, (await readFile(file, 'utf8')).replace(from, to));
}
