import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createFakeListeners } from '../host/fake-listeners.ts';
import { checkPorts } from './check-ports.ts';

const published = (hostPort: number) => ({ address: '127.0.0.1', hostPort, guestPort: 80 });
const nobody = { publishing: new Map<string, string>() };

suite('ports that are to be published', () => {
  test('are fine when they are free, and stay so', async () => {
    const listeners = createFakeListeners();

    await checkPorts([published(8080), published(8081)], { listeners, ...nobody });

    assert.equal(listeners.open.size, 0);
  });

  test('are refused when another program has one', async () => {
    const listeners = createFakeListeners();
    using _ = listeners.occupy({ address: '0.0.0.0', port: 8081 });

    await assert.rejects(checkPorts([published(8080), published(8081)], { listeners, ...nobody }), {
      code: 'host.port_taken',
      message: 'Cannot listen on 127.0.0.1:8081: another program listens there',
    });
    assert.equal(listeners.open.size, 1);
  });

  test('are refused when a VM has one, and it is named', async () => {
    const publishing = new Map([['127.0.0.1:8080', 'web']]);

    await assert.rejects(
      checkPorts([published(8080)], { listeners: createFakeListeners(), publishing }),
      { message: 'Cannot listen on 127.0.0.1:8080: VM "web" is published there' },
    );
  });

  test('are refused when one is asked for twice, or is root’s', async () => {
    const listeners = createFakeListeners();
    listeners.unprivilegedFrom = 1024;

    await assert.rejects(checkPorts([published(8080), published(8080)], { listeners, ...nobody }), {
      code: 'usage.invalid',
    });
    await assert.rejects(checkPorts([published(80)], { listeners, ...nobody }), {
      code: 'host.port_forbidden',
      hint: 'sudo sysctl net.ipv4.ip_unprivileged_port_start=80',
    });
  });
});
