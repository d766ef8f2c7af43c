import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { suite, test } from 'node:test';

import { guestContract } from '../../../../test/contract/guest.ts';
import { aBoot, anIdentity } from '../../../../test/support/guest-commands.ts';
import { connectFakeGuest, createFakeGuest } from './fake-guest.ts';
import { createFakeGuests } from './fake-guests.ts';

const { signal: never } = new AbortController();

guestContract({
  name: 'the fake guest',
  connect: () => {
    const { connector, serve } = createFakeGuests();
    const [host, guest] = duplexPair();
    serve(guest, createFakeGuest());
    return connector.connect(host, never);
  },
});

suite('the fake guest', () => {
  test('remembers over connections', async () => {
    const guest = createFakeGuest();
    await using first = connectFakeGuest(guest);
    await first.boot(aBoot, never);

    await using second = connectFakeGuest(guest);

    assert.equal((await second.info(never)).phase, 'booted');
    assert.equal(guest.boot?.identity.hostname, 'web');
  });

  test('lies about itself as it is told', async () => {
    const guest = createFakeGuest();
    guest.lies = { hostname: 'template' };
    await using connection = connectFakeGuest(guest);
    await connection.boot(aBoot, never);

    const said = await connection.identify(anIdentity, never);

    assert.equal(said.hostname, 'template');
    assert.equal(said.machineId, anIdentity.machineId);
    assert.equal(guest.identity, anIdentity);
  });

  test('knows how many expect its silence', async () => {
    const guest = createFakeGuest();
    await using connection = connectFakeGuest(guest);

    const hold = connection.expectSilence();
    using _ = connection.expectSilence();
    hold[Symbol.dispose]();
    hold[Symbol.dispose]();

    assert.equal(guest.silences.size, 1);
  });

  test('is lost when its stream closes', async () => {
    const { connector, serve } = createFakeGuests();
    const [host, far] = duplexPair();
    serve(far, createFakeGuest());
    await using guest = await connector.connect(host, never);

    host.destroy();
    await new Promise((resolve) => setImmediate(resolve));

    assert.ok(guest.lost.aborted);
  });

  test('fails a call as it is told, once', async () => {
    const guest = createFakeGuest();
    const reason = new Error('injected');
    guest.failures.set('sync', reason);
    await using connection = connectFakeGuest(guest);

    await assert.rejects(connection.sync(never), reason);
    await connection.sync(never);
  });

  test('does not answer when nobody serves it', async () => {
    const { connector } = createFakeGuests();
    const [host] = duplexPair();

    await assert.rejects(connector.connect(host, AbortSignal.timeout(10)), {
      code: 'guest.unreachable',
    });
  });
});
