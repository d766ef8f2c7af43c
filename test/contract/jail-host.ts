import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  aJail,
  aStartedJail,
  readOnly,
  spawn,
  startUp,
  writable,
  type JailHostSubject,
} from './jail-host-scene.ts';

const { signal } = new AbortController();

/** What callers may rely on. */
export function jailHostContract({ name, start }: JailHostSubject): void {
  suite(`${name} keeps the JailHost contract: files`, () => {
    test('what is placed is there, and all that is left after it is gone is the files', async () => {
      await using scene = await start();
      const before = await scene.state();
      const host = scene.caller();
      const disk = await writable(scene, 'overlay');

      await host.place(aJail(1), [await readOnly(scene, 'kernel', 'elf'), disk], signal);
      const placed = [await scene.entries(aJail(1).id), await host.list(signal)];
      await host.remove(aJail(1).id, signal);

      assert.deepEqual(placed, [['kernel', 'overlay'], [aJail(1).id]]);
      assert.deepEqual(await scene.read(disk.hostPath), { content: 'disk', isOursAlone: true });
      assert.equal(await scene.state(), before);
    });

    test('placing again takes the place of what was there', async () => {
      await using scene = await start();
      const host = scene.caller();
      const disk = await writable(scene, 'overlay');
      await host.place(aJail(1), [disk, await readOnly(scene, 'kernel', 'one')], signal);

      await host.place(aJail(1), [await readOnly(scene, 'overlay', 'two')], signal);

      assert.deepEqual(await scene.entries(aJail(1).id), ['kernel', 'overlay']);
      assert.equal((await scene.read(disk.hostPath)).isOursAlone, true);
    });

    test('what is no plain file is refused', async () => {
      await using scene = await start();
      const link = await scene.link('link', await scene.file('target', 'x'));

      for (const hostPath of [link, scene.path('nothing'), '/proc', '/dev/null']) {
        const placing = scene
          .caller()
          .place(aJail(1), [{ name: 'base', hostPath, access: 'read' }], signal);

        await assert.rejects(placing, { code: 'host.jail_unusable' }, hostPath);
      }
    });

    test('two jails never have one user', async () => {
      await using scene = await start();
      await scene.caller().place(aJail(1), [], signal);

      const second = scene.caller().place({ ...aJail(2), uid: aJail(1).uid }, [], signal);

      await assert.rejects(second, { code: 'host.jail_unusable', message: /vm-contract1/ });
    });

    test('what was made in a jail is moved out and ours', async () => {
      await using scene = await start();
      const host = scene.caller();
      await host.place(aJail(1), [], signal);
      await scene.makeInJail(aJail(1).id, 'saved-state', { content: 'devices' });
      const to = await scene.file('state', 'older');

      await host.takeOut(aJail(1).id, { name: 'saved-state', to }, signal);

      assert.deepEqual(await scene.read(to), { content: 'devices', isOursAlone: true });
      assert.deepEqual(await scene.entries(aJail(1).id), []);
    });

    test('a link that was made in a jail leads nowhere', async () => {
      await using scene = await start();
      const host = scene.caller();
      const secret = await scene.file('secret', 'of the host');
      await host.place(aJail(1), [], signal);
      await scene.makeInJail(aJail(1).id, 'saved-state', { link: secret });
      await scene.makeInJail(aJail(1).id, 'elsewhere', { link: secret });
      const to = scene.path('state');

      const taken = host.takeOut(aJail(1).id, { name: 'saved-state', to }, signal);

      await assert.rejects(taken, { code: 'host.jail_unusable' });
      await host.remove(aJail(1).id, signal);
      await assert.rejects(scene.read(to));
      assert.deepEqual(await scene.read(secret), { content: 'of the host', isOursAlone: true });
    });
  });

  suite(`${name} keeps the JailHost contract: processes`, () => {
    test('what runs is found by any caller, and ended by whoever adopts it', async () => {
      await using scene = await start();
      const before = await scene.state();
      await using child = await aStartedJail(scene, aJail(1));
      const found = await scene.caller().find(aJail(1).id);

      const adopted = await scene.caller().adopt(aJail(1).id, child.identity);
      adopted?.kill('SIGKILL');
      await child.exited;

      assert.ok(found.some(({ pid }) => pid === child.identity.pid));
      await scene.caller().remove(aJail(1).id, signal);
      await scene.caller().remove(aJail(1).id, signal);
      assert.deepEqual(await scene.caller().find(aJail(1).id), []);
      assert.equal(await scene.state(), before);
    });

    test('it starts again after it ended, with what was placed', async () => {
      await using scene = await start();
      await (await aStartedJail(scene, aJail(1)))[Symbol.asyncDispose]();
      await scene.makeInJail(aJail(1).id, 'saved-state', { content: 'from before' });

      await using second = await startUp(scene, aJail(1));

      assert.equal(second.gone.aborted, false);
      const entries = (await scene.entries(aJail(1).id)) ?? [];
      assert.deepEqual(
        [entries.includes('kernel'), entries.includes('saved-state')],
        [true, false],
      );
    });

    test('nothing is started twice or changed while it runs, or started where nothing was placed', async () => {
      await using scene = await start();
      await using child = await aStartedJail(scene, aJail(1));

      await assert.rejects(spawn(scene, aJail(1)), { code: 'vm.busy' });
      const file = await readOnly(scene, 'initrd', 'late');
      await assert.rejects(scene.caller().place(aJail(1), [file], signal), { code: 'vm.busy' });
      await assert.rejects(spawn(scene, aJail(2)), { code: 'host.jail_unusable' });
      assert.equal(child.gone.aborted, false);
    });

    test("what runs is in the network namespace that was asked for, and in the host's without", async () => {
      await using scene = await start();
      const netns = await scene.netns();
      await scene.caller().place(aJail(1), [], signal);
      await scene.caller().place(aJail(2), [], signal);

      await using jails = new AsyncDisposableStack();
      jails.use(await startUp(scene, aJail(1), netns));
      jails.use(await startUp(scene, aJail(2)));

      const inIt = [aJail(1), aJail(2)].map(({ id }) => scene.isInNetns(id, netns));
      assert.deepEqual(await Promise.all(inIt), [true, false]);
    });

    test('what is no network namespace is refused, and nothing is started', async () => {
      await using scene = await start();
      await scene.caller().place(aJail(1), [], signal);

      for (const netns of [scene.path('nothing'), await scene.file('plain', 'x')])
        await assert.rejects(spawn(scene, aJail(1), netns), { code: 'host.jail_unusable' }, netns);

      assert.deepEqual(await scene.caller().find(aJail(1).id), []);
    });

    test('a process that is not in the jail is not adopted', async () => {
      await using scene = await start();
      await using child = await aStartedJail(scene, aJail(1));
      const { identity } = child;

      const adopted = [
        await scene.caller().adopt(aJail(2).id, identity),
        await scene.caller().adopt(aJail(1).id, { ...identity, pid: 1 }),
        await scene.caller().adopt(aJail(1).id, { ...identity, startTicks: 1 }),
      ];

      assert.deepEqual(adopted, [undefined, undefined, undefined]);
    });

    test('an abort before the start leaves no process', async () => {
      await using scene = await start();
      await scene.caller().place(aJail(1), [], signal);
      const order = { id: aJail(1).id, args: [...scene.args], logFile: scene.logFile };

      const started = scene
        .caller()
        .spawn(
          { ...order, limits: { memoryMib: 64, vcpus: 1 } },
          AbortSignal.abort(new Error('no')),
        );

      await assert.rejects(started, /no/);
      assert.deepEqual(await scene.caller().find(aJail(1).id), []);
    });

    test('what never was is removed', async () => {
      await using scene = await start();
      const before = await scene.state();

      await scene.caller().remove('vm-never', signal);

      assert.equal(await scene.state(), before);
      assert.deepEqual(await scene.caller().list(signal), []);
    });
  });
}
