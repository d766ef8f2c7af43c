import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { aBoot, anIdentity } from '../support/guest-commands.ts';
import type { GuestSubject } from './guest-subject.ts';

const { signal: never } = new AbortController();

/** What callers may rely on who save guests and restore them as others. */
export function guestForkingContract({ name, connect }: GuestSubject): void {
  const connectBooted = async () => {
    const guest = await connect();
    await guest.boot(aBoot, never);
    return guest;
  };

  suite(`${name} keeps the Guest contract of forks`, () => {
    test('becomes who it is told to be, as often as it is told, once it is booted', async () => {
      await using guest = await connect();
      const network = { ...anIdentity.network, address: '10.77.9.9/16', mac: '02:00:00:00:00:09' };
      const other = { ...anIdentity, hostname: 'fork', machineId: 'f'.repeat(32), network };

      await assert.rejects(guest.identify(anIdentity, never), { code: 'guest.refused' });
      await guest.boot(aBoot, never);
      const first = await guest.identify(anIdentity, never);
      const second = await guest.identify(other, never);

      const [key] = anIdentity.sshHostKeys;
      assert.equal(first.hostname, 'web');
      assert.equal(second.hostname, 'fork');
      assert.equal(second.machineId, other.machineId);
      assert.equal(second.mac, network.mac);
      assert.deepEqual(second.addresses, [network.address]);
      assert.deepEqual(second.sshHostKeys, [key?.publicKey]);
      assert.match(second.randomSample, /^[0-9a-f]{32}$/);
      assert.notEqual(second.randomSample, first.randomSample);
      assert.equal(second.overlayMib, other.overlayMib);
      assert.equal(second.workMib, other.workMib);
      assert.ok(second.stages.length > 0);
    });

    test('takes over the time of the host', async () => {
      await using guest = await connectBooted();

      const first = await guest.syncClock(never);
      const second = await guest.syncClock(never);

      assert.ok(Number.isFinite(first) && Number.isFinite(second));
    });

    test('frees its caches', async () => {
      await using guest = await connectBooted();

      await guest.sync(never, { dropCaches: true });

      assert.equal((await guest.info(never)).phase, 'booted');
    });

    test('says goodbye, and answers nothing afterwards', async () => {
      await using guest = await connectBooted();
      using _ = guest.expectSilence();

      await guest.leave(never);

      assert.equal(guest.lost.aborted, true);
      await assert.rejects(guest.info(never), { code: 'guest.unreachable' });
      await assert.rejects(guest.leave(never), { code: 'guest.unreachable' });
    });
  });
}
