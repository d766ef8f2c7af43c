import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { createFakeSystemd } from './fake-systemd.ts';
import { findService } from './installed-service.ts';

const uid = process.getuid?.() ?? 0;
const env = { XDG_RUNTIME_DIR: `/run/user/${String(uid)}` };
const { signal } = new AbortController();

suite('the service of a daemon', () => {
  test('is there for its owner alone, and for the socket that the service has', async () => {
    await using place = await somePlace();

    assert.equal((await findService({ env, uid }, place))?.unit, 'bangerd.service');
    for (const other of [
      { env: { XDG_RUNTIME_DIR: `/run/user/${String(uid + 1)}` }, uid: uid + 1 },
      { env: { XDG_RUNTIME_DIR: '/tmp/elsewhere' }, uid },
      { env: { ...env, BANGER_SOCKET: '/tmp/other.sock' }, uid },
      { env: {}, uid },
    ]) {
      assert.equal(await findService(other, place), undefined);
    }
    const nowhere = { ...place, socket: join(place.dir, 'none.sock') };
    assert.equal(await findService({ env, uid }, nowhere), undefined);
  });

  test('has been started when the connection that asks for it ends', async () => {
    await using place = await somePlace();
    const service = await findService({ env, uid }, place);

    const asked = once(place.server, 'connection') as Promise<[Socket]>;
    let isStarted = false;
    const started = service?.start(signal).then(() => (isStarted = true));
    const [connection] = await asked;
    const early = isStarted;
    connection.end();
    await started;

    assert.deepEqual([early, isStarted], [false, true]);
  });

  test('that nobody starts is an error by name, and one that is given up on is none', async () => {
    await using place = await somePlace();
    const service = await findService({ env, uid }, place);
    const caller = new AbortController();
    const given = service?.start(caller.signal);
    caller.abort();
    await assert.rejects(given ?? Promise.resolve(), { name: 'AbortError' });

    place.server.close();
    await assert.rejects(service?.start(signal) ?? Promise.resolve(), {
      code: 'daemon.start_failed',
      hint: 'sudo banger system restart',
    });
  });

  test('has ended when systemd says so', async () => {
    await using place = await somePlace();
    const service = await findService({ env, uid }, place);

    const before = await service?.ended(signal);
    await place.systemd.control(['restart', 'bangerd.service'], signal);

    assert.deepEqual([before, await service?.ended(signal)], ['inactive', undefined]);
  });
});

/** Where systemd would listen. */
async function somePlace() {
  const dir = await mkdtemp(join(tmpdir(), 'banger-start-'));
  const socket = join(dir, 'start.sock');
  const server = createServer((connection) => connection.resume()).listen(socket);
  await once(server, 'listening');
  return {
    ...{ dir, socket, server },
    systemd: createFakeSystemd(),
    async [Symbol.asyncDispose]() {
      server.close();
      await rm(dir, { recursive: true });
    },
  };
}
