import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { aPort, type BridgeHostSubject, type BridgeScene } from './bridge-host-scene.ts';

const { signal } = new AbortController();

/** The part about what somebody else does on the host. */
export function bridgeOthersContract({ name, start }: BridgeHostSubject): void {
  suite(`${name} keeps the BridgeHost contract: others on the host`, () => {
    for (const [what, spoil] of [
      ['a deleted bridge', (scene: BridgeScene) => scene.others.deleteBridge()],
      ['flushed rules', (scene: BridgeScene) => scene.others.flushRules()],
    ] as const) {
      test(`${what} and all that was said of its guests come back by repair`, async () => {
        await using scene = await start();
        const host = scene.caller();
        const ports = [aPort(17, { nat: true }), aPort(18, { isolated: false })];
        for (const port of ports) await host.ensurePort(port, signal);
        const good = await scene.state();

        await spoil(scene);
        const wasWrong = await host.repair(ports, signal);

        assert.equal(wasWrong, true);
        assert.equal(await scene.state(), good);
      });

      test(`${what} come back with the next port, for all guests`, async () => {
        await using scene = await start();
        await scene.caller().ensurePort(aPort(17, { nat: true }), signal);
        await scene.caller().ensurePort(aPort(18), signal);
        const good = await scene.state();

        await spoil(scene);
        await scene.caller().ensurePort(aPort(18), signal);

        assert.equal(await scene.state(), good);
      });

      test(`${what} keep no tap from being removed`, async () => {
        await using scene = await start();
        const before = await scene.state();
        await scene.caller().ensurePort(aPort(17, { nat: true }), signal);

        await spoil(scene);
        await scene.caller().removeTap('bgr0882-17', signal);

        assert.equal(await scene.state(), before);
      });
    }

    test('a bridge of that name that is not ours is told of, and left alone', async () => {
      await using scene = await start();
      await scene.others.addLink('br-test');
      const theirs = await scene.state();
      const host = scene.caller();

      const problems = await host.problems(signal);
      await assert.rejects(host.ensureTap('bgr0882-17', signal), {
        code: 'host.network_conflict',
      });
      await host.removeTap('bgr0882-17', signal);

      assert.match(problems.map(({ what }) => what).join('\n'), /br-test/);
      assert.equal(await scene.state(), theirs);
    });

    test('a tap of that name that is not ours is left alone', async () => {
      await using scene = await start();
      await scene.others.addLink('bgr0882-17');
      const theirs = await scene.state();
      const host = scene.caller();

      await assert.rejects(host.ensurePort(aPort(17), signal), {
        code: 'host.network_conflict',
        message: /bgr0882-17/,
      });
      await host.removeTap('bgr0882-17', signal);

      assert.deepEqual(await host.listTaps(signal), []);
      assert.equal(await scene.state(), theirs);
    });

    test('a route into the subnet over another link is told of, and nothing is made', async () => {
      await using scene = await start();
      await scene.others.addRoute('172.31.99.0/24');
      const theirs = await scene.state();
      const host = scene.caller();

      const problems = await host.problems(signal);
      await assert.rejects(host.ensurePort(aPort(17), signal), {
        code: 'host.network_conflict',
        message: /172\.31\.99\.0\/24/,
      });

      assert.match(problems.map(({ what }) => what).join('\n'), /172\.31\.99\.0\/24/);
      assert.equal(await scene.state(), theirs);
    });
  });
}
