import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';

import { aBoot, run } from '../../../../test/support/guest-commands.ts';
import { type Roguery, startRogueAgent } from '../../../../test/support/rogue-agent.ts';
import { createFakeClock } from '../host/fake-clock.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createGuestConnector } from './guest-connector.ts';

const { signal: never } = new AbortController();
const dir = mkdtempSync(join(tmpdir(), 'banger-rogue-'));
const connector = createGuestConnector({ clock: createSystemClock() });
let agents = 0;
after(() => rmSync(dir, { recursive: true }));

function meet(kind: Roguery) {
  agents += 1;
  return startRogueAgent(join(dir, `${String(agents)}.sock`), kind);
}

suite('the guest client', () => {
  for (const kind of ['silent', 'rubbish', 'wrong nonce', 'half a frame'] as const) {
    test(`gives up at its deadline on an agent that is: ${kind}`, async () => {
      await using rogue = await meet(kind);

      await assert.rejects(connector.connect(rogue.connect(), AbortSignal.timeout(300)), { code: 'guest.unreachable' });
    });
  }

  test('gives up at once on an agent that hangs up', async () => {
    await using rogue = await meet('hangs up');

    await assert.rejects(connector.connect(rogue.connect(), never), { code: 'guest.unreachable' });
  });

  test('throws the reason of a caller that gave up', async () => {
    await using rogue = await meet('silent');
    const reason = new Error('enough');

    await assert.rejects(connector.connect(rogue.connect(), AbortSignal.abort(reason)), reason);
  });

  for (const kind of ['rubbish after the answer', 'oversized frame'] as const) {
    test(`refuses an agent at once that is: ${kind}`, async () => {
      await using rogue = await meet(kind);

      await assert.rejects(connector.connect(rogue.connect(), never), { code: 'guest.protocol' });
    });
  }

  test('drops what is left of a former conversation', async () => {
    await using rogue = await meet('leftovers first');

    await using guest = await connector.connect(rogue.connect(), never);

    assert.equal((await guest.info(never)).phase, 'initrd');
  });

  const broken = [
    ['hangs up in a command', 'guest.unreachable'],
    ['rubbish in a command', 'guest.protocol'],
  ] as const;
  for (const [kind, code] of broken) {
    test(`ends every call of an agent that ${kind}`, async () => {
      await using rogue = await meet(kind);
      await using guest = await connector.connect(rogue.connect(), never);
      await guest.boot(aBoot, never);

      const running = [run(guest, ['sleep', '1000']), run(guest, ['sleep', '1000'])];

      for (const command of running) await assert.rejects(command, { code });
      await assert.rejects(guest.info(never), { code });
      assert.ok(guest.lost.aborted);
    });
  }

  test('notices an agent that freezes, by its keepalives', async () => {
    await using rogue = await meet('freezes in a command');
    const clock = createFakeClock();
    const connecting = createGuestConnector({ clock }).connect(rogue.connect(), never);
    await using guest = await connecting;
    await guest.boot(aBoot, never);
    const { promise: started, resolve: onStarted } = Promise.withResolvers<number>();
    const running = run(guest, ['sleep', '1000'], { onStarted });
    running.catch(() => undefined);
    await started;
    await rogue.misbehaves;

    await clock.advance(10_000);
    await clock.advance(29_000);
    assert.ok(!guest.lost.aborted);
    await clock.advance(1_000);

    await assert.rejects(running, { code: 'guest.unreachable', message: /not answered for 30 s/ });
  });

  test('waits for a guest whose silence is expected, and no longer', async () => {
    await using rogue = await meet('freezes in a command');
    const clock = createFakeClock();
    await using guest = await createGuestConnector({ clock }).connect(rogue.connect(), never);
    await guest.boot(aBoot, never);
    const { promise: started, resolve: onStarted } = Promise.withResolvers<number>();
    run(guest, ['sleep', '1000'], { onStarted }).catch(() => undefined);
    await started;
    await rogue.misbehaves;

    await clock.advance(10_000); // A keepalive is under way.
    const outer = guest.expectSilence();
    const inner = guest.expectSilence();
    await clock.advance(30_000);
    inner[Symbol.dispose]();
    await clock.advance(3_600_000);
    assert.ok(!guest.lost.aborted);
    outer[Symbol.dispose]();
    outer[Symbol.dispose]();
    await clock.advance(39_000);
    assert.ok(!guest.lost.aborted);
    await clock.advance(11_000);

    assert.ok(guest.lost.aborted);
  });

  test('gives up a goodbye that is not answered', async () => {
    await using rogue = await meet('freezes in a command');
    await using guest = await connector.connect(rogue.connect(), never);
    await guest.boot(aBoot, never);
    const { promise: started, resolve: onStarted } = Promise.withResolvers<number>();
    run(guest, ['sleep', '1000'], { onStarted }).catch(() => undefined);
    await started;
    await rogue.misbehaves;

    await assert.rejects(guest.leave(AbortSignal.timeout(50)), { name: 'TimeoutError' });
  });

  test('slows a guest down whose output nobody takes', async () => {
    await using rogue = await meet('leftovers first');
    await using guest = await connector.connect(rogue.connect(), never);
    await guest.boot(aBoot, never);
    const caller = new AbortController();
    const before = process.memoryUsage().rss;

    const running = run(guest, ['yes'], {
      signal: caller.signal,
      onOutput: () => new Promise(() => undefined),
    });
    await createSystemClock().wait(500, never);
    const grown = process.memoryUsage().rss - before;
    caller.abort();

    await assert.rejects(running, { name: 'AbortError' });
    assert.ok(grown < 64 * 1024 * 1024, `${String(grown)} bytes`);
  });
});
