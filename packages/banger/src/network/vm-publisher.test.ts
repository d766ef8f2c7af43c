import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';

import { aBoot } from '../../../../test/support/guest-commands.ts';
import { createFakeGuest, connectFakeGuest } from '../guest/fake-guest.ts';
import { createFakeClock } from '../host/fake-clock.ts';
import { createFakeListeners } from '../host/fake-listeners.ts';
import { VmPublisher, type PublishedVm } from './vm-publisher.ts';

const at = (port: number) => ({ address: '127.77.1.2', port });

async function publish(change: Partial<PublishedVm> & { readonly isPaused?: boolean } = {}) {
  const { isPaused = false, ...vm } = change;
  const listeners = createFakeListeners();
  const clock = createFakeClock();
  const fake = createFakeGuest();
  await connectFakeGuest(fake).boot(aBoot, new AbortController().signal);
  const publisher = new VmPublisher(
    {
      hostAddress: '127.77.1.2',
      guestAddress: '10.77.0.16/16',
      publish: [],
      guest: () => Promise.resolve(connectFakeGuest(fake)),
      ...vm,
    },
    { listeners, clock, onProblem: () => undefined, isPaused },
  );
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await publisher.settled();
  };
  return { listeners, clock, fake, publisher, settle };
}

suite('the publisher of a VM', () => {
  test('asks the guest a moment after its start, and opens what listens there', async () => {
    const { listeners, clock, fake, publisher, settle } = await publish();
    await using _ = publisher;

    await settle();
    assert.deepEqual(fake.calls, ['boot']);
    await clock.advance(250);
    await settle();

    assert.deepEqual(
      [...listeners.open],
      [7, 13, 19, 666].map((port) => `127.77.1.2:${String(port)}`),
    );
  });

  test('follows the guest’s listeners', async () => {
    const { listeners, clock, fake, publisher, settle } = await publish();
    await using _ = publisher;
    await clock.advance(250);
    await settle();

    fake.listeners.set('tcp 8080', (connection) => void connection.end('hello'));
    await settle();
    assert.ok(listeners.open.has('127.77.1.2:8080'));
    fake.listeners.delete('tcp 8080');
    await settle();

    assert.ok(!listeners.open.has('127.77.1.2:8080'));
  });

  test('joins connections, and resets those that lead nowhere', async () => {
    const publishPorts = [{ address: '127.0.0.1', hostPort: 5000, guestPort: 5000 }];
    const { listeners, clock, publisher, settle } = await publish({ publish: publishPorts });
    await using _ = publisher;
    await clock.advance(250);
    await settle();

    const echo = await listeners.connect(at(7));
    echo.end('back again');
    const nowhere = await listeners.connect({ address: '127.0.0.1', port: 5000 });
    const reset = once(nowhere.resume(), 'error');

    assert.equal(await text(echo), 'back again');
    assert.equal(((await reset)[0] as NodeJS.ErrnoException).code, 'ECONNRESET');
  });

  test('lets connections to a paused VM wait', async () => {
    const { listeners, clock, fake, publisher, settle } = await publish();
    await using _ = publisher;
    await clock.advance(250);
    await settle();
    publisher.pause();

    const client = await listeners.connect(at(13));
    await settle();
    assert.ok(!fake.calls.includes('dial'));
    publisher.resume();

    assert.equal(await text(client), 'hello\n');
    client.destroy();
  });

  test('opens what was asked for even of a VM that is paused from the beginning', async () => {
    const publishPorts = [{ address: '127.0.0.1', hostPort: 8080, guestPort: 13 }];
    const { listeners, clock, publisher, settle } = await publish({
      publish: publishPorts,
      isPaused: true,
    });
    await using _ = publisher;
    await clock.advance(250);
    await settle();
    assert.deepEqual([...listeners.open], ['127.0.0.1:8080']);

    publisher.resume();
    await settle();

    assert.equal(listeners.open.size, 5);
  });

  test('tries again when the guest cannot be watched', async () => {
    const { listeners, clock, fake, publisher, settle } = await publish();
    await using _ = publisher;
    fake.failures.set('watchListeners', new Error('not now'));

    await clock.advance(250);
    await settle();
    assert.equal(listeners.open.size, 0);
    await clock.advance(500);
    await settle();

    assert.equal(listeners.open.size, 4);
  });

  test('closes its ports at once and resets its connections when it is disposed', async () => {
    const { listeners, clock, publisher, settle } = await publish();
    await clock.advance(250);
    await settle();
    const client = await listeners.connect(at(7));
    const reset = once(client.resume(), 'error');

    const disposed = publisher[Symbol.asyncDispose]();
    assert.equal(listeners.open.size, 0);
    await disposed;

    assert.equal(((await reset)[0] as NodeJS.ErrnoException).code, 'ECONNRESET');
    assert.equal(clock.waiting, 0);
  });
});
