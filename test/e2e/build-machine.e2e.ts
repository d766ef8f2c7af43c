import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { BuildStep } from '../../packages/banger/src/image/build/build-machine.ts';
import { buildMachinesCases } from '../contract/build-machines.ts';
import { aStep, openBuildHost, type BuildHost } from '../support/build-host.ts';
import { killAndWait, monitorPid } from '../support/faults.ts';
import { layerEntries, type LayerEntry } from '../support/layer-entries.ts';
import { repositoryRoot } from '../support/repository.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { mayMount } from '../support/small-disk.ts';
import { layerByBuildah, makeDisk, makeSteppedRoot } from '../support/stepped-root.ts';

const SLIM = 'debian-bookworm-slim';
const { signal: never } = new AbortController();
const env = (home: { readonly env: Readonly<Record<string, string>> }) => ({
  ...process.env,
  ...home.env,
});

/** The time that `change-root` sets, and what buildah says beside: its mount points, and a marker that hides nothing. */
const A_TIME = 1_600_000_000;
const BUILDAHS =
  /^(dev|proc|run|sys|etc(\/(hostname|hosts|resolv.conf))?|file-to-dir\/.wh..wh..opq)$/;

sandboxTest('machines of builds, one step each', {}, async (home, _t, part) => {
  await using host = await openBuildHost(env(home));
  const slim = await host.rootDisk(SLIM);
  const scratch = await mkdtemp(join(repositoryRoot, '.cache/build-machine-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(scratch, { recursive: true, force: true }));
  const root = join(scratch, 'root');
  await makeSteppedRoot(root);
  const bare = await makeDisk(root, join(scratch, 'bare.ext4'));

  for (const { name, check } of buildMachinesCases) {
    await part(name, async () => {
      const assertClean = () => home.assertHostIsClean();
      await check({ machines: host.machines, baseDisk: slim, assertClean });
      await assertClean();
    });
  }

  await part('a layer has every change, as that of buildah for the same program has', async () => {
    const { entries } = await layerOf(host, aStep(bare, ['/bin/change-root']));
    const theirs = await layerEntries(await layerByBuildah(root, scratch));

    assert.deepEqual(comparable(entries), comparable(theirs));
    assert.ok(![...entries.keys()].some((name) => /^(dev|proc|sys|etc|run)\b/.test(name)));
  });

  await part('a step above a delta sees it, and hides it where it takes away', async () => {
    const delta = join(scratch, 'delta');
    await mkdir(join(delta, 'opaque'), { recursive: true });
    await writeFile(join(delta, 'opaque/of-delta'), 'd');
    await writeFile(join(delta, 'of-delta'), 'd');
    await mkdir(join(delta, 'etc'));
    await symlink('/run/resolve/stub', join(delta, 'etc/resolv.conf'));
    const marks = [
      ['mknod', join(delta, 'gone'), 'c', '0', '0'],
      ['setfattr', '-n', 'trusted.overlay.opaque', '-v', 'y', join(delta, 'opaque')],
    ];
    for (const mark of marks) assert.equal((await runToEnd(mark, {})).status, 0);
    const deltaDisk = await makeDisk(delta, join(scratch, 'delta.ext4'));
    const script =
      'cd / && b=/bin/busybox && $b ls -d gone of-delta opaque/* 2>&1; $b cut -c 1-10 etc/resolv.conf; ' +
      '$b rm -r of-delta opaque && $b mkdir opaque && $b touch opaque/new';

    const { output, entries } = await layerOf(
      host,
      aStep(bare, ['/bin/busybox', 'sh', '-c', script], { deltaDisk }),
    );

    assert.equal(
      output,
      'ls: gone: No such file or directory\nof-delta\nopaque/of-delta\nnameserver\n',
    );
    assert.deepEqual(
      [...entries.keys()],
      ['.wh.of-delta', 'opaque', 'opaque/.wh..wh..opq', 'opaque/new'],
    );
  });

  await part('a step has a network, names and no files of banger in its root', async () => {
    const script =
      'cat /proc/sys/kernel/hostname /etc/hostname; grep -c nameserver /etc/resolv.conf; ' +
      'ls -A /root /run /var/lib; cat /etc/machine-id; cat /proc/net/route | wc -l; env | sort';
    const step = aStep(slim, ['sh', '-c', script], { env: { GREETING: 'hello' }, user: 'nobody' });

    const { output, entries } = await layerOf(host, { ...step, argv: ['sh', '-c', script] });

    assert.match(output, /^build\nbuild\n1\n/);
    assert.match(output, /^GREETING=hello$/m);
    assert.doesNotMatch(output, /banger/);
    assert.deepEqual([...entries.keys()], []);
  });

  await part('a command that takes all memory is killed, and nothing else is', async () => {
    const ended = await host.machines.run(aStep(slim, ['tail', '/dev/zero']), untaken, never);

    assert.equal(ended.exitCode, 137);
    await home.assertHostIsClean();
  });

  await part('a machine that resets itself ends its step', async () => {
    const step = aStep(slim, ['sh', '-c', 'echo b >/proc/sysrq-trigger; sleep 100']);

    await assert.rejects(host.machines.run(step, untaken, never), {
      code: 'vm.ended',
      message: 'The machine of the build step ended before the step did',
    });

    await home.assertHostIsClean();
  });

  await part('a monitor that is killed in the middle of a layer gives none', async () => {
    const step = aStep(slim, ['sh', '-c', 'head -c 40000000 /dev/urandom >/x']);
    const taken = host.machines.run(
      step,
      async (tar) => {
        let bytes = 0;
        let isKilled = false;
        for await (const piece of tar) {
          bytes += piece.length;
          if (isKilled || bytes <= 1_000_000) continue; // What was on its way still comes.
          isKilled = true;
          await killAndWait(await monitorPid(home));
        }
      },
      never,
    );

    await assert.rejects(taken, { code: 'vm.ended' });
    await home.assertHostIsClean();
  });
});

const SMALL_OVERLAY = { BANGER_VM_DEFAULTS_OVERLAY_SIZE: '128M' };
sandboxTest('steps that fill a disk', { env: SMALL_OVERLAY }, async (home, t, part) => {
  await using host = await openBuildHost(env(home));
  const slim = await host.rootDisk(SLIM);
  let output = '';
  const onOutput = (_stream: string, bytes: Uint8Array) =>
    void (output += Buffer.from(bytes).toString());
  const write = (mib: number) =>
    aStep(slim, ['dd', 'if=/dev/urandom', 'of=/x', 'bs=1M', `count=${String(mib)}`], { onOutput });

  await part("of the guest's own are told", async () => {
    const ended = await host.machines.run(write(200), untaken, never);

    assert.equal(ended.exitCode, 1);
    assert.match(output, /No space left on device/);
    await home.assertHostIsClean();
  });

  await part("of the host's give no layer, also when the command noticed nothing", async () => {
    if (!mayMount) {
      t.skip('only root may mount');
      return;
    }
    const vms = join(home.stateDir, 'vms');
    const mount = ['mount', '-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'tmpfs', vms];
    assert.equal((await runToEnd(mount, {})).status, 0);
    try {
      const warnings: string[] = [];
      const progress = { stage: () => undefined, warn: (text: string) => void warnings.push(text) };

      const running = host.machines.run({ ...write(60), progress }, drained, never);

      await assert.rejects(running, { code: 'guest.refused', message: /cannot write "\/"/i });
      assert.match(warnings.join(), /is full/);
    } finally {
      assert.equal((await runToEnd(['umount', vms], {})).status, 0);
    }
    await home.assertHostIsClean();
  });
});

sandboxTest('a step whose daemon is killed is cleaned up after', {}, async (home) => {
  const program = join(repositoryRoot, 'test/support/programs/build-step.ts');
  const child = spawn(process.execPath, [program], {
    env: env(home),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(said.toString(), 'it runs\n');
  await assert.rejects(home.assertHostIsClean());
  child.kill('SIGKILL');
  await once(child, 'close');

  await home.ok(['daemon', 'start']);

  assert.deepEqual(JSON.parse((await home.ok(['vm', 'list', '-a', '--json'])).stdout), []);
  await home.assertHostIsClean();
});

interface Stepped {
  readonly output: string;
  readonly entries: ReadonlyMap<string, LayerEntry>;
}

async function layerOf({ machines }: BuildHost, step: BuildStep): Promise<Stepped> {
  let output = '';
  let entries: ReadonlyMap<string, LayerEntry> = new Map();
  const onOutput = (_stream: string, bytes: Uint8Array) =>
    void (output += Buffer.from(bytes).toString());
  const take = async (tar: AsyncIterable<Uint8Array>) => {
    entries = await layerEntries(tar);
  };
  const { exitCode } = await machines.run({ ...step, onOutput }, take, never);
  assert.equal(exitCode, 0, output);
  return { output, entries };
}

/** Times are told only where the program has set them; those of whiteouts mean nothing. */
function comparable(entries: ReadonlyMap<string, LayerEntry>) {
  const found = [...entries]
    .filter(([name]) => !BUILDAHS.test(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return found.map(([name, { mtime, ...entry }]) => {
    if (/(^|\/)\.wh\./.test(name)) return [name];
    const { linkName, kind, content, ...rest } = entry;
    // Of a hard link only the name counts; what it says beside that is the file's.
    if (kind === 'hard link') return [name, linkName];
    return [name, { linkName, kind, content, ...rest }, mtime === A_TIME];
  });
}

async function drained(tar: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of tar) assert.ok(piece.length > 0);
}

function untaken(): Promise<never> {
  return Promise.reject(new Error('there is no layer of a step that failed'));
}
