import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createFakeClock, type FakeClock } from '../../host/fake-clock.ts';
import { createFakeResolverHost } from './fake-resolver-host.ts';
import type { ResolverHost } from './resolver-host.ts';
import { removeRoute, RouteKeeper } from './route-keeper.ts';

const at = { address: '127.0.0.1', port: 42_069 };
const there = '127.0.0.1:42069';

suite('a route to the names of VMs', () => {
  test('is made, and gone when its keeper is', async () => {
    const { fake, keep, looked } = scene();

    const keeper = keep();
    await looked();
    const made = fake.resolver.link?.at;
    await keeper[Symbol.asyncDispose]();

    assert.equal(made, there);
    assert.equal(fake.resolver.link, undefined);
  });

  test('comes back when somebody took it away, and is told of each time that it was made', async () => {
    const { fake, keep, looked, told } = scene();
    await using keeper = keep();
    await looked();

    fake.resolver.link = undefined;
    await looked();
    const again = fake.resolver.link;
    await looked();

    assert.deepEqual(again, { owner: 'ana', at: there });
    assert.deepEqual(told, ['route', 'route']);
    assert.equal(keeper.trouble, undefined);
  });

  test('is made when a resolver comes that was not there', async () => {
    const place = scene();
    place.isThere = false;
    await using _ = place.keep();
    await place.looked();
    const before = place.fake.resolver.link;
    place.isThere = true;
    await place.looked();

    assert.equal(before, undefined);
    assert.equal(place.fake.resolver.link?.at, there);
  });

  test('that cannot be is told of once, and made when it can be', async () => {
    const { fake, keep, looked, told } = scene();
    fake.resolver.isRunning = false;
    await using keeper = keep();
    await looked();
    await looked();
    const trouble = keeper.trouble;
    fake.resolver.isRunning = true;
    await looked();

    assert.match(trouble ?? '', /^Cannot route names/);
    assert.equal(keeper.trouble, undefined);
    assert.deepEqual(told, ['trouble', 'route']);
  });

  test('is gone with its keeper also while its resolver cannot be found', async () => {
    const place = scene();
    const keeper = place.keep();
    await place.looked();
    place.isThere = false;

    await keeper[Symbol.asyncDispose]();

    assert.equal(place.fake.resolver.link, undefined);
  });

  test('that is being made when its keeper ends, is gone, too', async () => {
    const { fake, keep, clock } = scene();
    const { promise: asked, resolve: ask } = Promise.withResolvers<undefined>();
    const slow: ResolverHost = {
      ...fake,
      route: (to, signal) =>
        new Promise((_, reject) => {
          fake.resolver.link = { owner: 'ana', at: undefined };
          signal.addEventListener('abort', () => reject(new Error('aborted')));
          ask(undefined);
          assert.equal(to, at);
        }),
    };
    const keeper = keep(slow);
    await asked;

    await keeper[Symbol.asyncDispose]();

    assert.equal(fake.resolver.link, undefined);
    assert.equal(clock.waiting, 0);
  });

  test('of a daemon that was killed is removed by the next, which may have no name server', async () => {
    const { fake } = scene();
    fake.resolver.link = { owner: 'ana', at: '127.0.0.1:1' };

    await removeRoute({ host: () => Promise.resolve(fake), onTrouble: assert.ifError });

    assert.equal(fake.resolver.link, undefined);
  });
});

function scene() {
  const clock: FakeClock = createFakeClock();
  const fake = createFakeResolverHost('ana');
  const told: string[] = [];
  const place = {
    ...{ clock, fake, told },
    isThere: true,
    keep: (host: ResolverHost = fake) =>
      new RouteKeeper({
        ...{ at, clock },
        host: () => Promise.resolve(place.isThere ? host : undefined),
        onRoute: () => told.push('route'),
        onTrouble: () => told.push('trouble'),
      }),
    /** Resolves when it has looked once more and waits. */
    looked: async () => {
      await clock.advance(10_000);
      while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    },
  };
  return place;
}
