import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { bridgeOthersContract } from './bridge-host-others.ts';
import { aPort, type BridgeHostSubject } from './bridge-host-scene.ts';

const { signal } = new AbortController();

/** What callers may rely on. */
export function bridgeHostContract(subject: BridgeHostSubject): void {
  const { name, start, crowd = 4 } = subject;
  bridgeOthersContract(subject);
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

    test('what is asked for without waiting is done in that order', async () => {
      await using scene = await start();
      const host = scene.caller();
      const before = await scene.state();
      const [port, other] = [aPort(17, { nat: true }), aPort(17)];
      await host.ensurePort(other, signal);
      const said = await scene.state();

      await Promise.all([
        host.repair([port], signal),
        host.ensurePort(port, signal),
        host.ensurePort(other, signal),
      ]);
      const last = await scene.state();
      await Promise.all([host.repair([other], signal), host.removeTap(other.tap, signal)]);

      assert.equal(last, said);
      assert.equal(await scene.state(), before);
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
