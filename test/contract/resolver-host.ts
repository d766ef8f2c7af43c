import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { ResolverHost } from '../../packages/banger/src/network/dns/resolver-host.ts';

/** A host whose resolver nobody has told anything. */
export interface ResolverScene extends AsyncDisposable {
  /** Another caller of the same banger, that knows nothing of any other; made for `RESOLVER_OWNER` */
  caller(): ResolverHost;
  /** All that a ResolverHost may change, to be compared */
  state(): Promise<string>;
  /** What somebody else does there */
  readonly others: {
    /** Takes away that by which the resolver was told */
    removeLink(): Promise<void>;
    /** Has the resolver forget what it was told: `resolvectl revert` */
    revert(): Promise<void>;
    /** Uses that by which it would be told for something else */
    takeLink(): Promise<void>;
  };
}

export interface ResolverHostSubject {
  readonly name: string;
  readonly start: () => Promise<ResolverScene>;
}

export const RESOLVER_OWNER = '/home/ana/.local/state/banger';

const at = { address: '127.0.0.1', port: 42_069 };
const elsewhere = { address: '127.0.0.1', port: 42_070 };
const { signal } = new AbortController();

/** What callers may rely on. */
export function resolverHostContract({ name, start }: ResolverHostSubject): void {
  suite(`${name} keeps the ResolverHost contract`, () => {
    test('a route is there until it is taken away, which leaves nothing', async () => {
      await using scene = await start();
      const before = await scene.state();
      const host = scene.caller();

      const found = [await host.isRouted(at, signal)];
      await host.route(at, signal);
      found.push(await host.isRouted(at, signal), await host.isRouted(elsewhere, signal));
      await host.unroute(signal);
      found.push(await host.isRouted(at, signal));

      assert.deepEqual(found, [false, true, false, false]);
      assert.equal(await scene.state(), before);
    });

    test('saying the same again changes nothing, and something else takes its place', async () => {
      await using scene = await start();
      await scene.caller().route(at, signal);
      const once = await scene.state();

      await scene.caller().route(at, signal);
      const twice = await scene.state();
      await scene.caller().route(elsewhere, signal);
      const moved = await scene.caller().isRouted(elsewhere, signal);
      await scene.caller().route(at, signal);

      assert.equal(twice, once);
      assert.equal(moved, true);
      assert.equal(await scene.state(), once);
    });

    test('taking away what is not there is fine, and twice', async () => {
      await using scene = await start();
      const before = await scene.state();

      await scene.caller().unroute(signal);
      await scene.caller().route(at, signal);
      await scene.caller().unroute(signal);
      await scene.caller().unroute(signal);

      assert.equal(await scene.state(), before);
    });

    for (const [what, spoil] of [
      ['a link that was removed', (scene: ResolverScene) => scene.others.removeLink()],
      ['a resolver that was made to forget', (scene: ResolverScene) => scene.others.revert()],
    ] as const) {
      test(`${what} is seen, and put right by the next who asks`, async () => {
        await using scene = await start();
        await scene.caller().route(at, signal);
        const good = await scene.state();

        await spoil(scene);
        const isRouted = await scene.caller().isRouted(at, signal);
        await scene.caller().route(at, signal);

        assert.equal(isRouted, false);
        assert.equal(await scene.state(), good);
      });

      test(`${what} keeps nothing from being taken away`, async () => {
        await using scene = await start();
        const before = await scene.state();
        await scene.caller().route(at, signal);

        await spoil(scene);
        await scene.caller().unroute(signal);

        assert.equal(await scene.state(), before);
      });
    }

    test("what is somebody else's is told of, and left alone", async () => {
      await using scene = await start();
      await scene.others.takeLink();
      const theirs = await scene.state();
      const host = scene.caller();

      await assert.rejects(host.route(at, signal), { code: 'host.network_conflict' });
      await host.unroute(signal);

      assert.equal(await host.isRouted(at, signal), false);
      assert.equal(await scene.state(), theirs);
    });

    test('callers at once come to the same end', async () => {
      await using scene = await start();
      const before = await scene.state();
      await scene.caller().route(at, signal);
      const good = await scene.state();
      await scene.caller().unroute(signal);

      await Promise.all([1, 2, 3].map(() => scene.caller().route(at, signal)));
      const together = await scene.state();
      await Promise.all([1, 2, 3].map(() => scene.caller().unroute(signal)));

      assert.equal(together, good);
      assert.equal(await scene.state(), before);
    });

    test('what was aborted is finished by whoever asks next', async () => {
      await using scene = await start();
      const before = await scene.state();
      const host = scene.caller();

      await assert.rejects(host.route(at, AbortSignal.abort()), { name: 'AbortError' });
      const aborted = await scene.state();
      await host.route(at, signal);
      await host.unroute(signal);

      assert.equal(aborted, before);
      assert.equal(await scene.state(), before);
    });
  });
}
