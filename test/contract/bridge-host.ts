import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type {
  BridgeHost,
  BridgeSettings,
} from '../../packages/banger/src/network/bridge/bridge-host.ts';
import type { BridgePort } from '../../packages/banger/src/network/bridge/bridge-port.ts';

/** A host with nothing of ours on it. */
export interface BridgeScene extends AsyncDisposable {
  /** Another caller of the same banger, that knows nothing of any other; made with `bridgeSettings` */
  caller(): BridgeHost;
  /** All that a BridgeHost may change, to be compared */
  state(): Promise<string>;
  /** Whether the host forwards between its links */
  forwards(): Promise<boolean>;
  /** What somebody else does there */
  readonly others: {
    deleteBridge(): Promise<void>;
    flushRules(): Promise<void>;
    addLink(name: string): Promise<void>;
    addRoute(subnet: string): Promise<void>;
  };
}

export interface BridgeHostSubject {
  readonly name: string;
  readonly start: () => Promise<BridgeScene>;
  /** How many taps are asked for at once, by two callers each */
  readonly crowd?: number;
}

export const bridgeSettings: BridgeSettings = {
  name: 'br-test',
  address: '172.31.99.1',
  subnet: '172.31.99.0/24',
  owner: '/home/ana/.local/state/banger',
  uid: 0,
};

/** Names, MAC and address as plans have them. */
export function aPort(index: number, port: Partial<BridgePort> = {}): BridgePort {
  return {
    tap: `bgr0882-${String(index)}`,
    mac: `02:ba:ac:1f:63:${index.toString(16).padStart(2, '0')}`,
    address: `172.31.99.${String(index)}`,
    nat: false,
    isolated: true,
    ...port,
  };
}

const { signal } = new AbortController();

/** What callers may rely on. */
export function bridgeHostContract({ name, start, crowd = 4 }: BridgeHostSubject): void {
  suite(`${name} keeps the BridgeHost contract`, () => {
    test('the first tap makes the bridge, the last one takes all of it away', async () => {
      await using scene = await start();
      const before = await scene.state();
      const host = scene.caller();

      await host.ensureTap('bgr0882-16', signal);
      await host.ensurePort(aPort(17, { nat: true, isolated: false }), signal);
      const listed = await host.listTaps(signal);
      await host.removeTap('bgr0882-16', signal);
      await host.removeTap('bgr0882-17', signal);

      assert.deepEqual(listed, ['bgr0882-16', 'bgr0882-17']);
      assert.deepEqual(await host.listTaps(signal), []);
      assert.equal(await scene.state(), before);
    });

    test('saying the same again changes nothing', async () => {
      await using scene = await start();
      const host = scene.caller();
      const port = aPort(17, { nat: true });
      await host.ensurePort(port, signal);
      const once = await scene.state();

      await host.ensureTap(port.tap, signal);
      await host.ensurePort(port, signal);
      const wasWrong = await host.repair([port], signal);

      assert.equal(await scene.state(), once);
      assert.equal(wasWrong, false);
    });

    test('a port says everything: nothing stays of what an earlier one said', async () => {
      await using scene = await start();
      const host = scene.caller();
      await host.ensurePort(aPort(17), signal);
      const plain = await scene.state();

      await host.ensurePort(aPort(17, { nat: true, isolated: false }), signal);
      const changed = await scene.state();
      await host.ensurePort(aPort(17), signal);

      assert.notEqual(changed, plain);
      assert.equal(await scene.state(), plain);
    });

    test('a tap that goes leaves the others as they were', async () => {
      await using scene = await start();
      const host = scene.caller();
      await host.ensurePort(aPort(17, { nat: true }), signal);
      const alone = await scene.state();

      await host.ensurePort(aPort(18, { nat: true, isolated: false }), signal);
      await host.removeTap('bgr0882-18', signal);

      assert.equal(await scene.state(), alone);
    });

    test('removing what is not there is fine, twice and with nothing there at all', async () => {
      await using scene = await start();
      const host = scene.caller();
      const before = await scene.state();

      await host.removeTap('bgr0882-17', signal);
      await host.ensureTap('bgr0882-17', signal);
      await host.removeTap('bgr0882-17', signal);
      await host.removeTap('bgr0882-17', signal);

      assert.equal(await scene.state(), before);
    });

    test('the host forwards while a guest has NAT, and no longer', async () => {
      await using scene = await start();
      const host = scene.caller();

      const forwards = [await scene.forwards()];
      for (const nat of [false, true, false]) {
        await host.ensurePort(aPort(17, { nat }), signal);
        forwards.push(await scene.forwards());
      }
      await host.ensurePort(aPort(17, { nat: true }), signal);
      await host.removeTap('bgr0882-17', signal);
      forwards.push(await scene.forwards());

      assert.deepEqual(forwards, [false, false, true, false, false]);
    });

    test('a caller that has forgotten everything, lists and removes all', async () => {
      await using scene = await start();
      const before = await scene.state();
      for (const nat of [true, false]) {
        await scene.caller().ensurePort(aPort(nat ? 17 : 18, { nat }), signal);
      }

      const later = scene.caller();
      for (const tap of await later.listTaps(signal)) await later.removeTap(tap, signal);

      assert.equal(await scene.state(), before);
    });

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

    test('callers at once come to the same end as one after the other', async () => {
      await using scene = await start();
      const before = await scene.state();
      const ports = [16, 17, 18, 19]
        .slice(0, crowd)
        .map((index) => aPort(index, { nat: index % 2 === 0 }));
      for (const port of ports) await scene.caller().ensurePort(port, signal);
      const inTurn = await scene.state();
      for (const { tap } of ports) await scene.caller().removeTap(tap, signal);

      await Promise.all(
        ports.flatMap((port) => [1, 2].map(() => scene.caller().ensurePort(port, signal))),
      );
      const together = await scene.state();
      await Promise.all(
        ports.flatMap(({ tap }) => [1, 2].map(() => scene.caller().removeTap(tap, signal))),
      );

      assert.equal(together, inTurn);
      assert.equal(await scene.state(), before);
    });

    test('a port that is nonsense is refused before anything happens', async () => {
      await using scene = await start();
      const before = await scene.state();
      const host = scene.caller();

      for (const nonsense of [
        { tap: 'eth0; drop table' },
        { tap: '-x' },
        { tap: 'a-name-of-17-byte' },
        { mac: '02:ba:ac:1f:63:11 accept' },
        { mac: 'ff:ff:ff:ff:ff:ff' },
        { address: '172.31.99.17/24' },
        { uid: -1 },
      ]) {
        await assert.rejects(host.ensurePort(aPort(17, nonsense), signal));
      }

      assert.equal(await scene.state(), before);
    });

    test('what was aborted is finished by whoever asks next', async () => {
      await using scene = await start();
      const before = await scene.state();
      const host = scene.caller();

      await assert.rejects(host.ensurePort(aPort(17), AbortSignal.abort()), {
        name: 'AbortError',
      });
      await host.ensurePort(aPort(17), signal);
      await host.removeTap('bgr0882-17', signal);

      assert.equal(await scene.state(), before);
    });
  });
}
