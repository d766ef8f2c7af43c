import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';

import { startFakeDaemon } from '../../../test/support/fake-daemon.ts';
import { connect } from './index.ts';

suite('a connection into a VM', () => {
  test('carries bytes both ways, and each direction ends by itself', async () => {
    await using daemon = await startFakeDaemon();
    const { vms } = connect({ socket: daemon.settings.socket });
    const sent = randomBytes(5_000_000);

    const stream = await vms.dial('web', 7);
    stream.end(sent);

    assert.ok((await buffer(stream)).equals(sent));
  });

  test('reaches a unix socket', async () => {
    await using daemon = await startFakeDaemon();
    const { vms } = connect({ socket: daemon.settings.socket });

    const stream = await vms.dial('web', '/run/echo');
    stream.end('hello');

    assert.equal((await buffer(stream)).toString(), 'hello');
  });

  test('hears what the guest says first, and that it ends', async () => {
    await using daemon = await startFakeDaemon();
    const { vms } = connect({ socket: daemon.settings.socket });

    const stream = await vms.dial('web', 13);

    assert.equal((await buffer(stream)).toString(), 'hello\n');
    stream.end();
    await finished(stream);
  });

  test('is refused with the error that says why', async () => {
    await using daemon = await startFakeDaemon();
    const { vms } = connect({ socket: daemon.settings.socket });

    await assert.rejects(vms.dial('web', 81), { code: 'guest.port_closed' });
    await assert.rejects(vms.dial('web', 'relative'), { code: 'usage.invalid' });
    await assert.rejects(vms.dial('web', 70_000), { code: 'usage.invalid' });
  });

  test('breaks when it is reset in the guest', async () => {
    await using daemon = await startFakeDaemon();
    const { vms } = connect({ socket: daemon.settings.socket });
    const stream = await vms.dial('web', 666);

    stream.resume().write('x');

    await assert.rejects(finished(stream), { code: 'guest.connection_lost' });
  });

  test('breaks when the daemon goes away', async () => {
    await using daemon = await startFakeDaemon();
    const { vms } = connect({ socket: daemon.settings.socket });
    const stream = await vms.dial('web', 7);

    const broken = assert.rejects(finished(stream), { code: 'daemon.unreachable' });
    await daemon.stop();

    await broken;
  });

  test('does not run ahead of a reader', async () => {
    await using daemon = await startFakeDaemon();
    const { vms } = connect({ socket: daemon.settings.socket });
    const stream = await vms.dial('web', 19);
    let bytes = 0;
    for await (const chunk of stream) {
      bytes += (chunk as Buffer).length;
      if (bytes > 20_000_000) break;
    }

    assert.ok(stream.destroyed);
    assert.ok(process.memoryUsage().rss < 2 ** 30);
  });
});
