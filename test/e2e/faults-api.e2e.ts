import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

import { listVms, SMALL, useFakeQemu } from '../support/faults.ts';
import { sandboxTest } from '../support/sandbox-home.ts';

/** Whatever comes over the socket, the daemon answers or hangs up, and serves on. */
sandboxTest('rubbish on the API socket', {}, async (home, t) => {
  await useFakeQemu(home);
  await home.ok(['vm', 'create', '--name', 'web', ...SMALL]);
  const pid = await home.daemonPid();
  const socket = join(home.runtimeDir, 'bangerd.sock');
  const say = (bytes: string | Buffer) => converse(socket, bytes);
  const post = (path: string, body: string | Buffer) =>
    ask(socket, { method: 'POST', path, headers: { 'content-type': 'application/json' } }, body);

  await t.test('bodies that are no JSON, no object, or far too long', async () => {
    for (const body of ['{', '[]', '"x"', '{"name": 1}', Buffer.from([0xff, 0xfe, 0x00])]) {
      const { status, error } = await post('/v1/vms', body);
      assert.equal(status, 400);
      assert.equal(error.code, 'usage.invalid');
      assert.match(error.message, /^Cannot /);
    }
    const long = await post('/v1/vms', JSON.stringify({ name: 'x'.repeat(10 * 1024 * 1024) }));
    assert.ok(long.status === 400 || long.status === 413, String(long.status));
    assert.ok(long.error.message.length < 1000);
  });

  await t.test('routes that are none', async () => {
    for (const path of [
      '/',
      '/v1',
      '/v2/vms',
      '/v1/vms/web/explode',
      '/v1/../../etc/passwd',
      `/${'x'.repeat(8000)}`,
    ]) {
      const { status, error } = await ask(socket, { method: 'GET', path }, '');
      assert.equal(status, 400, path);
      assert.match(error.message, /there is no such route/);
    }
    const unknown = await ask(socket, { method: 'GET', path: '/v1/vms/nobody' }, '');
    assert.equal(unknown.status, 404);
    const origin = { origin: 'http://evil.example' };
    const browser = await ask(socket, { method: 'GET', path: '/v1/vms', headers: origin }, '');
    assert.equal(browser.status, 400);
  });

  await t.test('what is not HTTP, and requests that never end', async () => {
    assert.match(await say('hello\r\n\r\n'), /^(?:HTTP\/1\.1 400.*)?/);
    assert.match(await say(Buffer.alloc(100_000, 0xff)), /^(?:HTTP\/1\.1 4.*)?/);
    await say(`GET /v1/vms HTTP/1.1\r\nhost: x\r\ny: ${'z'.repeat(100_000)}\r\n\r\n`);
    const halves: Socket[] = [];
    for (const text of [
      'GET /v1/v',
      'POST /v1/vms HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n{"name":',
    ]) {
      const half = connect(socket);
      await once(half, 'connect');
      half.on('error', () => undefined).write(text);
      halves.push(half);
    }
    await home.ok(['vm', 'list']);
    for (const half of halves) half.destroy();
  });

  await t.test('WebSockets to nowhere, of another protocol, and with rubbish inside', async () => {
    const { body } = await post(
      '/v1/vms/web/execs',
      JSON.stringify({ argv: ['cat'], stdin: true }),
    );
    const { id } = JSON.parse(body) as { readonly id: string };
    for (const [path, protocol] of [
      ['/v1/vms', 'v5.channel.k8s.io'],
      [`/v1/execs/${id}/attach`, 'chat'],
      ['/v1/execs/../attach', 'v5.channel.k8s.io'],
    ] as const) {
      assert.match(await say(upgrade(path, protocol)), /^HTTP\/1\.1 400/, path);
    }
    const nobody = await say(upgrade('/v1/execs/exec_0000000000/attach', 'v5.channel.k8s.io'));
    assert.match(nobody, /^HTTP\/1\.1 (?:101|400|404)/);
    const rubbish = Buffer.concat([
      Buffer.from(upgrade(`/v1/execs/${id}/attach`, 'v5.channel.k8s.io')),
      Buffer.alloc(64, 0xff),
    ]);
    assert.match(await say(rubbish), /^HTTP\/1\.1 101/);
  });

  assert.equal(await home.daemonPid(), pid);
  assert.deepEqual(
    (await listVms(home)).map(({ name }) => name),
    ['web'],
  );
  await home.ok(['exec', 'web', '--', 'true']);
  await home.ok(['vm', 'delete', 'web']);
  await home.assertHostIsClean();
});

function upgrade(path: string, protocol: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    'host: banger',
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    `sec-websocket-protocol: ${protocol}`,
    '\r\n',
  ].join('\r\n');
}

/** Everything that comes back until the other end closes, or a second of silence. */
async function converse(path: string, bytes: string | Buffer): Promise<string> {
  const socket = connect(path);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  socket.setTimeout(1000, () => socket.destroy());
  socket.write(bytes);
  await new Promise((resolve) => socket.once('close', resolve)); // It may be reset; that is an answer too.
  return Buffer.concat(chunks).toString('latin1');
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly error: { readonly code: string; readonly message: string };
}

async function ask(
  socketPath: string,
  options: {
    readonly method: string;
    readonly path: string;
    readonly headers?: Record<string, string>;
  },
  body: string | Buffer,
): Promise<Answer> {
  const asking = request({ socketPath, ...options });
  asking.on('error', () => undefined); // A body that is too long is not read to its end.
  asking.end(body);
  const [response] = (await once(asking, 'response')) as [import('node:http').IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const error = JSON.parse(text) as Answer['error'];
  return { status: response.statusCode ?? 0, body: text, error };
}
