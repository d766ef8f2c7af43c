import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { Image, Kernel } from '@banger/protocol/image';
import { z } from 'zod';

import { createFakeApp } from './fake-app.ts';

type App = ReturnType<typeof createFakeApp>;

const DEFAULT = 'debian-bookworm-slim';
const ROOTFS = '/srv/lab.ext4';
const VMLINUX = '/srv/vmlinux';
const lab = { name: 'lab', rootfs: ROOTFS };
const Pruned = z.object({ count: z.int(), bytes: z.int() });

suite('registering an image', () => {
  test('answers it as it is stored, where its file is', async () => {
    const app = open();

    const image = await registered(app, { ...lab, init: 'image', description: 'my lab' });

    assert.deepEqual(
      [image.name, image.kind, image.init, image.description, image.path, image.kernel],
      ['lab', 'registered', 'image', 'my lab', ROOTFS, null],
    );
    assert.deepEqual(await shown(app, 'lab'), image);
  });

  test('with the files of a kernel stores that under its name, and VMs of it run on it', async () => {
    const app = open();

    const image = await registered(app, { ...lab, kernel: { vmlinux: VMLINUX } });
    await created(app, 'lab');

    assert.equal(image.kernel, 'lab');
    const kernel = Kernel.parse(await (await app.call('GET', '/v1/kernels/lab')).json());
    assert.deepEqual(kernel.usedBy, ['web']);
  });

  test('with the name of a kernel needs no more than a catalog that has it', async () => {
    const app = open();

    assert.equal((await registered(app, { ...lab, kernelRef: 'debian-6.1' })).kernel, 'debian-6.1');
    assert.deepEqual(await app.kernels.list(), []);
  });

  const refused: readonly (readonly [string, object, string])[] = [
    ['a relative path', { ...lab, rootfs: 'lab.ext4' }, 'usage.invalid'],
    ['a path with a zero byte', { ...lab, rootfs: '/srv/\0' }, 'usage.invalid'],
    ['a name that could be a path', { ...lab, name: '../lab' }, 'usage.invalid'],
    ['no name', { rootfs: ROOTFS }, 'usage.invalid'],
    ['no root file system', { name: 'lab' }, 'usage.invalid'],
    ['an init that is none', { ...lab, init: 'systemd' }, 'usage.invalid'],
    ['a relative kernel', { ...lab, kernel: { vmlinux: 'vmlinux' } }, 'usage.invalid'],
    [
      'files and the name of a kernel',
      { ...lab, kernel: { vmlinux: VMLINUX }, kernelRef: 'debian-6.1' },
      'usage.invalid',
    ],
    ['a kernel that nobody has', { ...lab, kernelRef: 'nope' }, 'kernel.not_found'],
    ['a kernel that is none', { ...lab, kernel: { vmlinux: '/srv/text' } }, 'kernel.bad_content'],
    ['a file that is not there', { ...lab, rootfs: '/srv/none' }, 'image.bad_content'],
    ['a file that is no ext4', { ...lab, rootfs: '/srv/text' }, 'image.bad_content'],
  ];
  for (const [what, body, code] of refused) {
    test(`is refused for ${what}, and nothing is stored`, async () => {
      const app = open();

      assert.equal(await refusal(app, 'POST', '/v1/images/register', body), code);
      assert.deepEqual(await app.images.list(), []);
      assert.deepEqual(await app.kernels.list(), []);
    });
  }

  test('that fails for its root file system stores no kernel either, and keeps one that was there', async () => {
    const app = open();
    const body = { ...lab, rootfs: '/srv/text', kernel: { vmlinux: VMLINUX } };

    assert.equal(await refusal(app, 'POST', '/v1/images/register', body), 'image.bad_content');
    assert.deepEqual(await app.kernels.list(), []);
    await registered(app, { ...body, rootfs: ROOTFS });

    assert.equal(await refusal(app, 'POST', '/v1/images/register', body), 'image.bad_content');
    assert.equal((await app.kernels.list()).length, 1);
  });
});

suite('a registered image', () => {
  test('whose file has changed makes no VM until it is registered again', async () => {
    const app = open();
    await registered(app, lab);
    app.images.hostFiles.set(ROOTFS, 'ext4 changed');

    const body = { name: 'web', image: 'lab' };
    assert.equal(await refusal(app, 'POST', '/v1/vms', body), 'image.damaged');
    assert.deepEqual(app.left(), []);
    await registered(app, lab);
    await created(app, 'lab');
  });

  test('is not deleted while a VM uses it, and its file never is', async () => {
    const app = open();
    await registered(app, lab);
    await created(app, 'lab');

    assert.equal(await refusal(app, 'DELETE', '/v1/images/lab'), 'image.in_use');
    await app.call('DELETE', '/v1/vms/web');
    assert.equal((await app.call('DELETE', '/v1/images/lab')).status, 200);
    assert.deepEqual(await app.images.list(), []);
    assert.ok(app.images.hostFiles.has(ROOTFS));
  });

  test('keeps the kernel that came with it from being deleted', async () => {
    const app = open();
    await registered(app, { ...lab, kernel: { vmlinux: VMLINUX } });

    assert.equal(await refusal(app, 'DELETE', '/v1/kernels/lab'), 'kernel.in_use');
    await app.call('DELETE', '/v1/images/lab');
    assert.equal((await app.call('DELETE', '/v1/kernels/lab')).status, 200);
  });
});

suite('promoting an image', () => {
  test('puts one that needs the file no more in the place of the registered one', async () => {
    const app = open();
    await registered(app, { ...lab, kernelRef: 'debian-6.1' });

    const promoted = await answered(app, '/v1/images/lab/promote', Image);
    app.images.hostFiles.clear();

    assert.deepEqual([promoted.kind, promoted.kernel], ['promoted', 'debian-6.1']);
    assert.notEqual(promoted.path, ROOTFS);
    assert.deepEqual(await listed(app), [promoted]);
    await created(app, 'lab');
  });

  test('keeps a registered one that a VM uses, and says so', async () => {
    const app = open();
    await registered(app, lab);
    await created(app, 'lab');

    const accept = { accept: 'application/x-ndjson' };
    const response = await app.call('POST', '/v1/images/lab/promote', {}, accept);

    const text = await response.text();
    assert.match(text, /VM web was made from image .*lab.* before and still needs .*lab\.ext4/);
    const kinds = (await listed(app)).map(({ kind }) => kind);
    assert.deepEqual(kinds.toSorted(), ['promoted', 'registered']);
    assert.equal((await shown(app, 'lab')).kind, 'promoted');
  });

  test("is refused for what is banger's own, is not there, or has lost its file", async () => {
    const app = open();
    await app.call('POST', '/v1/images', { name: DEFAULT });
    await registered(app, lab);
    app.images.hostFiles.clear();
    const refusals = await Promise.all(
      [DEFAULT, 'nope', 'lab'].map((name) =>
        refusal(app, 'POST', `/v1/images/${name}/promote`, {}),
      ),
    );

    assert.deepEqual(refusals, ['usage.invalid', 'image.not_found', 'image.damaged']);
  });
});

suite('pruning images', () => {
  test('deletes all but the default one and what VMs use, and only says so when it is asked to', async () => {
    const app = open();
    await app.call('POST', '/v1/images', { name: DEFAULT });
    await registered(app, lab);
    await created(app, 'lab');
    const idle = await registered(app, { ...lab, name: 'idle' });

    const told = await answered(app, '/v1/images/prune', z.array(Image), { dryRun: true });
    assert.deepEqual(told, [idle]);
    assert.equal((await listed(app)).length, 3);
    assert.deepEqual(await answered(app, '/v1/images/prune', z.array(Image)), [idle]);

    assert.deepEqual(names(await listed(app)), [DEFAULT, 'lab']);
    assert.deepEqual(await answered(app, '/v1/images/prune', z.array(Image)), []);
    assert.ok(app.images.hostFiles.has(ROOTFS));
  });

  test('deletes older ones of the default name', async () => {
    const app = open();
    await app.call('POST', '/v1/images', { name: DEFAULT });
    const old = await shown(app, DEFAULT);
    await app.call('POST', '/v1/images', { name: DEFAULT, force: true });

    const pruned = await answered(app, '/v1/images/prune', z.array(Image));

    assert.deepEqual(pruned, [old]);
    assert.equal((await listed(app)).length, 1);
  });
});

suite('importing a kernel', () => {
  test('answers it, and VMs run on it', async () => {
    const app = open();

    const kernel = await answered(app, '/v1/kernels/import', Kernel, {
      from: '/srv/kernel',
      name: 'own',
    });
    await app.call('POST', '/v1/vms', { name: 'web', image: DEFAULT, kernel: 'own' });

    assert.equal(kernel.name, 'own');
    assert.equal(await refusal(app, 'DELETE', '/v1/kernels/own'), 'kernel.in_use');
  });

  const refused: readonly (readonly [string, object, string])[] = [
    ['a relative directory', { from: 'kernel', name: 'own' }, 'usage.invalid'],
    ['a name that is none', { from: '/srv/kernel', name: '-f' }, 'usage.invalid'],
    ['what is not there', { from: '/srv/none', name: 'own' }, 'kernel.bad_content'],
  ];
  for (const [what, body, code] of refused) {
    test(`is refused for ${what}`, async () => {
      const app = open();

      assert.equal(await refusal(app, 'POST', '/v1/kernels/import', body), code);
      assert.deepEqual(await app.kernels.list(), []);
    });
  }
});

test('pruning the cache says how much there is, and leaves what is in use', async () => {
  const app = open();
  const signal = new AbortController().signal;
  await app.blobs.add(bytes('nobody needs this'), signal);
  const needed = await app.blobs.add(bytes('needed'), signal);
  const holding = app.blobs.hold([needed.digest]);

  const told = await answered(app, '/v1/cache/prune', Pruned, { dryRun: true });
  assert.deepEqual(told, { count: 1, bytes: 17 });
  assert.deepEqual(await answered(app, '/v1/cache/prune', Pruned), told);
  assert.notEqual(await app.blobs.find(needed.digest), undefined);
  holding[Symbol.dispose]();

  assert.deepEqual(await answered(app, '/v1/cache/prune', Pruned), { count: 1, bytes: 6 });
  assert.equal(await refusal(app, 'POST', '/v1/cache/prune', { dryRun: 'yes' }), 'usage.invalid');
});

/** With a root file system, a kernel and a text on its host. */
function open(): App {
  const app = createFakeApp();
  app.images.hostFiles.set(ROOTFS, 'ext4').set('/srv/text', 'text');
  app.kernels.hostFiles.add(VMLINUX).add('/srv/kernel');
  return app;
}

async function answered<T>(
  { call }: App,
  path: string,
  schema: z.ZodType<T>,
  body: object = {},
): Promise<T> {
  const response = await call('POST', path, body);
  const content: unknown = await response.json();
  assert.equal(response.status, 200, JSON.stringify(content));
  return schema.parse(content);
}

function registered(app: App, body: object): Promise<Image> {
  return answered(app, '/v1/images/register', Image, body);
}

async function created({ call }: App, image: string): Promise<void> {
  const response = await call('POST', '/v1/vms', { name: 'web', image });
  assert.equal(response.status, 200, await response.text());
}

async function refusal({ call }: App, method: string, path: string, body?: object) {
  const response = await call(method, path, body);
  const { code } = z.looseObject({ code: z.string() }).parse(await response.json());
  assert.ok(response.status >= 400);
  return code;
}

async function shown({ call }: App, name: string): Promise<Image> {
  return Image.parse(await (await call('GET', `/v1/images/${name}`)).json());
}

async function listed({ call }: App): Promise<readonly Image[]> {
  return z.array(Image).parse(await (await call('GET', '/v1/images')).json());
}

function names(images: readonly Image[]): readonly string[] {
  return images.map(({ name }) => name).toSorted();
}

async function* bytes(text: string): AsyncGenerator<Uint8Array, void> {
  await Promise.resolve();
  yield Buffer.from(text);
}
