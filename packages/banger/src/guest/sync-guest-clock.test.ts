import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createFakeClock } from '../host/fake-clock.ts';
import { syncGuestClock } from './sync-guest-clock.ts';

/** A guest whose clock is so far ahead, and the ms that each way to it takes, call by call. */
function aGuest(aheadMs: number, ways: readonly (readonly [number, number])[]) {
  const clock = createFakeClock();
  let ahead = aheadMs;
  let calls = 0;
  return {
    clock,
    ahead: () => ahead,
    calls: () => calls,
    adjust: async (ns: bigint): Promise<bigint> => {
      const [there, back] = ways[calls] ?? [0, 0];
      calls += 1;
      await clock.advance(there);
      ahead += Number(ns) / 1e6;
      const said = BigInt(clock.now().getTime() + Math.round(ahead)) * 1_000_000n;
      await clock.advance(back);
      return said;
    },
  };
}

suite("a guest's clock", () => {
  test('is left alone when it is right', async () => {
    const guest = aGuest(1, []);

    assert.equal(await syncGuestClock(guest.adjust, guest.clock), 1);

    assert.equal(guest.calls(), 1);
  });

  test('is set from years away', async () => {
    const guest = aGuest(-3 * 365 * 86_400_000, []);

    const left = await syncGuestClock(guest.adjust, guest.clock);

    assert.ok(Math.abs(left) < 1 && Math.abs(guest.ahead()) < 1, String(guest.ahead()));
  });

  test('is not set by a reading that took long one way', async () => {
    const guest = aGuest(0, [
      [400, 0],
      [1, 1],
    ]);

    const left = await syncGuestClock(guest.adjust, guest.clock);

    assert.equal(left, 0);
    assert.equal(guest.ahead(), 0);
  });

  test('is set as well as the shortest of several slow readings allows', async () => {
    const slow = [30, 10] as const;
    const guest = aGuest(5000, [[300, 0], slow, [200, 0], slow, slow, slow, slow]);

    await syncGuestClock(guest.adjust, guest.clock);

    assert.ok(Math.abs(guest.ahead()) <= 20, String(guest.ahead()));
  });

  test('ends with a guest whose clock will not be set', async () => {
    const clock = createFakeClock();
    const stubborn = () => Promise.resolve(BigInt(clock.now().getTime() + 60_000) * 1_000_000n);

    assert.equal(await syncGuestClock(stubborn, clock), 60_000);
  });

  test('says no time before 1970, and none far ahead', async () => {
    for (const lie of [-1n, 2n ** 63n - 1n]) {
      await assert.rejects(
        syncGuestClock(() => Promise.resolve(lie), createFakeClock()),
        { code: 'guest.protocol' },
      );
    }
  });
});
