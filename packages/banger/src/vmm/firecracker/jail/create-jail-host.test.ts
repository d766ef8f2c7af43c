import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { aJail, type JailScene } from '../../../../../../test/contract/jail-host-scene.ts';
import { jailHostContract } from '../../../../../../test/contract/jail-host.ts';
import type { Child } from '../../../host/processes.ts';
import { readCgroupMounts } from './cgroup-mounts.ts';
import type { JailFile } from './jail-host.ts';
import { jailLimits } from './jail-limits.ts';
import { createJailScene, jailPrograms, type JailPrograms } from './jail-scene.fixture.ts';
import { mountsBelow } from './jail-mounts.ts';

const { signal } = new AbortController();
const { id, uid } = aJail(1);

const limits = { memoryMib: 64, vcpus: 2 };
const MEMORY_BYTES = 64 * 1024 * 1024;

/** On another file system than the jails' */
const ELSEWHERE = '/dev/shm';

async function start(scene: JailScene, files: readonly JailFile[]): Promise<Child> {
  const { args, logFile } = scene;
  await scene.caller().place({ id, uid }, files, signal);
  return scene.caller().spawn({ id, args: [...args], logFile, limits }, signal);
}

/** What the jail was to be held to, and what the kernel says of its groups */
function keptLimits(pid: number): readonly (readonly [limit: string, kept: string])[] {
  const mounts = readCgroupMounts();
  const groups = readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8').split('\n');
  return jailLimits(limits, mounts).map((limit) => {
    const [file = ''] = limit.split('=');
    const controller = file.split('.')[0] ?? '';
    const mount = [...mounts.controllers].find(([name]) => name === controller)?.[1] ?? '';
    // `<number>:<controllers>:<path>`, and of version 2 always `0::<path>` (cgroups(7))
    const line = groups.find((group) =>
      mounts.version === 2
        ? group.startsWith('0::')
        : group.split(':')[1]?.split(',').includes(controller),
    );
    const group = line?.split(':')[2] ?? '';
    assert.match(group, new RegExp(`/banger/[0-9a-f]{8}/${id}$`));
    return [limit, readFileSync(join(mount, group, file), 'utf8').trim()] as const;
  });
}

/** As a user with nothing but its own rights. */
function runAs(user: number, script: string): string {
  const ids = ['--reuid', String(user), '--regid', String(user), '--clear-groups'];
  return execFileSync('setpriv', [...ids, 'sh', '-c', script], { encoding: 'utf8' });
}

/** A process of that user's in a network namespace. */
async function processIn(netns: string, user: number) {
  const become = ['setpriv', '--reuid', String(user), '--regid', String(user), '--clear-groups'];
  const command = [`--net=${netns}`, ...become, 'sh', '-c', 'echo && exec sleep 1000'];
  const child = spawn('nsenter', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), ended]);
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function realJails(programs: JailPrograms): void {
  jailHostContract({ name: programs.name, start: () => createJailScene(programs) });

  suite(`jails ${programs.name}`, () => {
    test('Firecracker is a user of its own, within its limits', async () => {
      await using scene = await createJailScene(programs);

      await using child = await start(scene, []);
      await scene.isUp(id);

      const status = readFileSync(`/proc/${String(child.identity.pid)}/status`, 'utf8');
      assert.match(status, new RegExp(`^Uid:\\s${String(uid)}\\s${String(uid)}\\s`, 'm'));
      assert.match(status, new RegExp(`^Gid:\\s${String(uid)}\\s${String(uid)}\\s`, 'm'));
      assert.match(status, /^CapEff:\s0+$/m);
      for (const [limit, kept] of keptLimits(child.identity.pid)) {
        // A stand-in for Firecracker has more memory.
        if (limit.startsWith('memory')) assert.ok(Number(kept) >= MEMORY_BYTES, kept);
        else assert.equal(`${limit.split('=')[0] ?? ''}=${kept}`, limit);
      }
      const limits = readFileSync(`/proc/${String(child.identity.pid)}/limits`, 'utf8');
      assert.match(limits, /^Max open files\s+1159\s+1159\s/m);
    });

    test('it may write its disks and read the rest, and its disks stay ours, too', async () => {
      await using scene = await createJailScene(programs, { owner: { uid: 65_534, gid: 65_534 } });
      const kernel = await scene.file('kernel', 'elf');
      const disk = await scene.file('disk', 'disk');

      await scene.caller().place(
        { id, uid },
        [
          { name: 'kernel', hostPath: kernel, access: 'read' },
          { name: 'overlay', hostPath: disk, access: 'write' },
        ],
        signal,
      );

      const root = scene.caller().rootOf(id);
      assert.equal(runAs(uid, `cd ${root} && cat kernel && echo s >> overlay`), 'elf');
      assert.throws(() => runAs(uid, `echo x 2>/dev/null >> ${root}/kernel`));
      assert.equal(runAs(65_534, `echo grown >> ${disk}; cat ${disk}`), 'disks\ngrown\n');
      await scene.caller().remove(id, signal);
      assert.equal((await scene.read(disk)).isOursAlone, true);
    });

    test('a daemon that is not root can use what is made in a jail', async () => {
      await using scene = await createJailScene(programs, { owner: { uid: 65_534, gid: 65_534 } });

      await using _ = await start(scene, []);

      const root = scene.caller().rootOf(id);
      const seen = runAs(65_534, `cd ${root} && stat -c '%u %n' api.sock && touch made`);
      assert.equal(seen, '65534 api.sock\n');
      assert.throws(() => runAs(uid + 1, `ls ${root} 2>/dev/null`));
    });

    test('a daemon that is not root has no jail in a network that it is not in itself', async () => {
      await using scene = await createJailScene(programs, { owner: { uid: 65_534, gid: 65_534 } });
      const { args, logFile } = scene;
      const limits = { memoryMib: 64, vcpus: 1 };
      const spawnIn = (netns: string) =>
        scene.caller().spawn({ id, args: [...args], logFile, limits, netns }, signal);
      await scene.caller().place({ id, uid }, [], signal);
      const others = await scene.netns();

      await assert.rejects(spawnIn(others), { code: 'host.jail_unusable', message: /uid 65534/ });

      await using own = await processIn(others, 65_534);
      await using _ = await spawnIn(`/proc/${String(own.pid)}/ns/net`);
      assert.equal(await scene.isInNetns(id, others), true);
    });

    test('files on another file system are mounted, and nothing is left of that', async () => {
      await using scene = await createJailScene(programs);
      const dir = mkdtempSync(join(ELSEWHERE, 'banger-jails-'));
      await using cleanup = new AsyncDisposableStack();
      cleanup.defer(() => rmSync(dir, { recursive: true }));
      const [base, work] = [join(dir, 'base'), join(dir, 'work')];
      writeFileSync(base, 'base', { mode: 0o600 });
      writeFileSync(work, 'work', { mode: 0o600 });
      const before = await scene.state();

      const child = await start(scene, [
        { name: 'base', hostPath: base, access: 'read' },
        { name: 'work', hostPath: work, access: 'write' },
      ]);
      await scene.isUp(id);
      const mounted = mountsBelow(scene.caller().rootOf(id)).length;
      const inside = readFileSync(`/proc/${String(child.identity.pid)}/cwd/base`, 'utf8');
      await child[Symbol.asyncDispose]();
      await scene.caller().remove(id, signal);

      assert.deepEqual([mounted, inside], [2, 'base']);
      assert.equal(await scene.state(), before);
      assert.equal(statSync(work).gid, 0);
      assert.deepEqual(readdirSync(dir), ['base', 'work']);
    });

    test('what templates are known by does not change while their files are placed', async () => {
      await using scene = await createJailScene(programs);
      const hostPath = await scene.file('memory', 'pages');
      await scene
        .caller()
        .place({ id, uid }, [{ name: 'memory', hostPath, access: 'read' }], signal);
      const { ctimeMs } = statSync(hostPath);

      await scene
        .caller()
        .place({ id, uid }, [{ name: 'memory', hostPath, access: 'read' }], signal);
      await scene.caller().remove(id, signal);

      assert.equal(statSync(hostPath).ctimeMs, ctimeMs);
    });

    test('a directory for jails that others can change is refused', async () => {
      await using scene = await createJailScene(programs);
      execFileSync('mkdir', ['-m', '0777', join(scene.path('jails'))]);

      const placing = scene.caller().place({ id, uid }, [], signal);

      await assert.rejects(placing, { code: 'host.path_unusable' });
    });
  });
}

for (const programs of jailPrograms(process.env)) realJails(programs);
