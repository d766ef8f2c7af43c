import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as dial, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';

import { startFakeDaemon } from '../../../test/support/fake-daemon.ts';
import { connect } from './index.ts';

const to = (port: number | undefined): Socket =>
  dial({ host: '127.0.0.1', port: port ?? 0, allowHalfOpen: true });

suite('ports that are forwarded into a VM', () => {
  test('carry connections, each direction until it ends', async () => {
    await using daemon = await startFakeDaemon();
    const { vms } = connect({ socket: daemon.settings.socket });
    await using forwarding = await vms.forward('web', [{ hostPort: 0, guestPort: 7 }]);
    const [port] = forwarding.ports;

    const socket = to(port?.hostPort);
    socket.end('there and back');

    assert.equal(await text(socket), 'there and back');
    assert.equal(port?.address, '127.0.0.1');
  });

  test('reset connections to where nobody listens, and tell why', async () => {
    await using daemon = await startFakeDaemon();
    const { vms } = connect({ socket: daemon.settings.socket });
    const failed = Promise.withResolvers<string>();
    await using forwarding = await vms.forward('web', [{ hostPort: 0, guestPort: 81 }], {
      onFailure: ({ message }) => failed.resolve(message),
    });

    const socket = to(forwarding.ports[0]?.hostPort).resume();
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];

    assert.equal(error.code, 'ECONNRESET');
    assert.match(await failed.promise, /^Cannot connect to port 81/);
  });

  test('are closed again when the caller gives up while they are opened', async () => {
    await using daemon = await startFakeDaemon();
    const { vms } = connect({ socket: daemon.settings.socket });
    const caller = new AbortController();
    const reason = new Error('enough');

    const opening = vms.forward('web', [{ hostPort: 0, guestPort: 7 }], { signal: caller.signal });
    caller.abort(reason);

    await assert.rejects(opening, reason);
  });

  test('are all closed when one of them is taken', async () => {
    await using daemon = await startFakeDaemon();
    const { vms } = connect({ socket: daemon.settings.socket });
    await using first = await vms.forward('web', [{ hostPort: 0, guestPort: 7 }]);
    const taken = first.ports[0]?.hostPort ?? 0;

    await assert.rejects(
      vms.forward('web', [
        { address: '127.0.0.2', hostPort: taken, guestPort: 7 },
        { hostPort: taken, guestPort: 7 },
      ]),
      { code: 'host.port_taken' },
    );
    await using again = await vms.forward('web', [
      { address: '127.0.0.2', hostPort: taken, guestPort: 7 },
    ]);
    assert.equal(again.ports.length, 1);
  });

  for (const how of ['dispose', 'abort'] as const) {
    test(`are closed with their connections by ${how}`, async () => {
      await using daemon = await startFakeDaemon();
      const { vms } = connect({ socket: daemon.settings.socket });
      const enough = new AbortController();
      await using forwarding = await vms.forward('web', [{ hostPort: 0, guestPort: 7 }], enough);
      const socket = to(forwarding.ports[0]?.hostPort);
      socket.write('hello');
      await once(socket, 'data');

      if (how === 'abort') enough.abort();
      else await forwarding[Symbol.asyncDispose]();

      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      assert.equal(error.code, 'ECONNRESET');
      const [refused] = (await once(to(forwarding.ports[0]?.hostPort), 'error')) as [
        NodeJS.ErrnoException,
      ];
      assert.equal(refused.code, 'ECONNREFUSED');
    });
  }
});
