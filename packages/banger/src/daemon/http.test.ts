import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { z } from 'zod';

import { createFakeApp } from './fake-app.ts';

const Failure = z.looseObject({ code: z.string(), message: z.string() });
const ndjson = { accept: 'application/x-ndjson' };

async function failure(response: Response) {
  return Failure.parse(await response.json());
}

suite('HTTP API', () => {
  test('lists, shows and deletes a VM', async () => {
    const { call, createVm, left } = createFakeApp();
    await createVm();

    const list = z
      .array(z.looseObject({ name: z.string() }))
      .parse(await (await call('GET', '/v1/vms')).json());
    assert.deepEqual(
      list.map(({ name }) => name),
      ['web'],
    );
    const shown = z
      .looseObject({ disks: z.array(z.unknown()) })
      .parse(await (await call('GET', '/v1/vms/web')).json());
    assert.equal(shown.disks.length, 2);
    assert.equal((await call('DELETE', '/v1/vms/web')).status, 200);

    assert.deepEqual(left(), []);
  });

  test('answers a missing VM with its code, status and the caller’s operation', async () => {
    const { call } = createFakeApp();

    const response = await call('GET', '/v1/vms/nope', undefined, {
      'banger-operation': 'op-abc123',
    });

    assert.equal(response.status, 404);
    assert.equal(response.headers.get('banger-operation'), 'op-abc123');
    const { code, operation } = await failure(response);
    assert.deepEqual([code, operation], ['vm.not_found', 'op-abc123']);
  });

  for (const [what, method, path, body] of [
    ['a name that is no DNS label', 'POST', '/v1/vms', { name: 'Bad_Name' }],
    ['no memory', 'POST', '/v1/vms', { memoryMib: 0 }],
    ['a negative disk', 'POST', '/v1/vms', { diskMib: -1 }],
    ['a command of numbers', 'POST', '/v1/vms/web/execs', { argv: [1] }],
    ['a signal that does not exist', 'POST', '/v1/execs/exec_0123456789/signal', { signal: 99 }],
    ['an ephemeral VM in plain JSON', 'POST', '/v1/vms', { ephemeral: true }],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const { call, left } = createFakeApp();

      const response = await call(method, path, body);

      assert.equal(response.status, 400);
      assert.equal((await failure(response)).code, 'usage.invalid');
      assert.deepEqual(left(), []);
    });
  }

  test('refuses a body that is not JSON and a route that is not there', async () => {
    const { app } = createFakeApp();

    const garbage = await app.request('/v1/vms', { method: 'POST', body: '{"name":' });
    const unknown = await app.request('/v2/nothing');

    assert.equal((await failure(garbage)).code, 'usage.invalid');
    assert.equal((await failure(unknown)).code, 'usage.invalid');
  });

  test('refuses a web page', async () => {
    const { call } = createFakeApp();

    assert.equal(
      (await call('GET', '/v1/vms', undefined, { origin: 'http://evil.example' })).status,
      400,
    );
  });

  test('streams stages and then the result', async () => {
    const { call } = createFakeApp();

    const response = await call(
      'POST',
      '/v1/vms',
      { name: 'web', image: 'debian-bookworm-slim' },
      ndjson,
    );

    const Line = z.looseObject({ type: z.string() });
    const lines = (await response.text())
      .trim()
      .split('\n')
      .map((line) => Line.parse(JSON.parse(line)));
    assert.equal(lines[0]?.type, 'spec');
    assert.equal(lines.at(-1)?.type, 'result');
    assert.ok(lines.some(({ type }) => type === 'stage'));
  });

  test('keeps an ephemeral VM for as long as its answer is read', async () => {
    const { call, machines, left } = createFakeApp();
    const request = { name: 'web', image: 'debian-bookworm-slim', ephemeral: true };
    const reader = (await call('POST', '/v1/vms', request, ndjson)).body?.getReader();
    assert.ok(reader);
    for (let text = ''; !text.includes('"type":"result"');) {
      text += Buffer.from((await reader.read()).value ?? []).toString();
    }
    assert.equal(machines.all().length, 1);

    await reader.cancel();
    while (machines.all().length > 0) await new Promise((resolve) => setImmediate(resolve));

    assert.deepEqual(left(), []);
  });

  test('cancels work by its operation and answers when it is undone', async () => {
    const { call, behaviour, host, left } = createFakeApp();
    behaviour.silent = () => true;
    const operation = { 'banger-operation': 'op-slow01' };
    const creating = call('POST', '/v1/vms', { image: 'debian-bookworm-slim' }, operation);
    while (host.monitors.size === 0) await new Promise((resolve) => setImmediate(resolve));

    const cancelled = await call('POST', '/v1/operations/op-slow01/cancel');

    assert.equal(cancelled.status, 204);
    assert.deepEqual(left(), []);
    assert.equal((await failure(await creating)).code, 'operation.cancelled');
  });

  test('refuses to delete an image that a VM uses and names it', async () => {
    const { call, createVm } = createFakeApp();
    await createVm();

    const response = await call('DELETE', '/v1/images/debian-bookworm-slim');

    assert.equal(response.status, 409);
    const { code, message } = await failure(response);
    assert.equal(code, 'image.in_use');
    assert.match(message, /VM web uses it/);
  });

  test('deletes an image that is damaged', async () => {
    const { call, images } = createFakeApp();
    await call('POST', '/v1/images', { name: 'debian-bookworm-slim' });
    const [image] = await images.list();
    assert.ok(image);
    images.damage(image.id);

    assert.equal(
      (await failure(await call('GET', '/v1/images/debian-bookworm-slim'))).code,
      'image.damaged',
    );
    assert.equal((await call('DELETE', '/v1/images/debian-bookworm-slim')).status, 200);
    assert.equal(await images.find('debian-bookworm-slim'), undefined);
  });

  test('sends the build with every answer and describes itself', async () => {
    const { call } = createFakeApp();

    const response = await call('GET', '/v1/openapi.json');

    assert.equal(response.headers.get('banger-build'), 'test/1');
    const unknown = await call('POST', '/v1/of-a-later-banger');
    assert.equal(unknown.headers.get('banger-build'), 'test/1');
    const document = z
      .looseObject({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) })
      .parse(await response.json());
    assert.equal(document.openapi, '3.1.0');
    assert.ok('/v1/vms/{vm}/start' in document.paths);
  });

  test('begins to stop when it is asked to', async () => {
    const { call, requested } = createFakeApp();

    assert.equal((await call('POST', '/v1/daemon/stop')).status, 200);
    assert.equal(requested.stop, 1);
  });
});
