import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { killAndWait, until } from '../support/faults.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { bangerProgram, sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { mayMount } from '../support/small-disk.ts';
import { guestSays, SLIM } from '../support/vms.ts';

/** Copies that break, at either end and in between: nothing half is left under a file's name, and nobody waits for ever. */

const MIB = 1024 * 1024;
const LARGE = 200 * MIB;

sandboxTest('a copy that breaks leaves nothing half', {}, async (home, t, part) => {
  const dir = mkdtempSync(join(tmpdir(), 'banger-broken-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(`${dir}/out`);
  const large = `${dir}/large`;
  writeFileSync(large, Buffer.alloc(LARGE, 'large '));
  await home.ok(['vm', 'create', '--name', 'box', ...SLIM, '--disk-size', '384M']);
  const says = (script: string) => guestSays(home, 'box', ['sh', '-c', script]);
  await says(`head -c ${String(LARGE)} /dev/zero | tr "\\0" x > /root/large; mkdir -p /srv/in`);
  const nothingInGuest = async () => {
    await until('nothing is left in the guest', async () => (await says('ls -A /srv/in')) === '');
  };
  const directions = [
    {
      name: 'into the guest',
      args: [large, 'box:/srv/in/large'],
      begun: () => says('ls -A /srv/in'),
    },
    {
      name: 'out of the guest',
      args: ['box:/root/large', `${dir}/out/large`],
      begun: () => Promise.resolve(readdirSync(`${dir}/out`).join()),
    },
  ];

  for (const direction of directions) {
    await part(`${direction.name}, by Ctrl-C`, async () => {
      const copy = await begin(home, direction);

      copy.kill('SIGINT');
      const { status } = await copy.ended;

      assert.equal(status, 130);
      assert.deepEqual(readdirSync(`${dir}/out`), []);
      await nothingInGuest();
    });

    await part(`${direction.name}, by the end of the daemon`, async () => {
      const copy = await begin(home, direction);

      await killAndWait(await home.daemonPid());
      const { status, stderr } = await copy.ended;

      assert.equal(status, 1, stderr);
      assert.match(stderr, /the daemon|bangerd/);
      assert.deepEqual(readdirSync(`${dir}/out`), []);
      await nothingInGuest();
    });
  }

  await part('a full disk in the guest is named, with the way out', async () => {
    await says('echo kept > /root/copy');

    const run = await home.banger(['cp', large, 'box:/root/copy']);

    assert.equal(run.status, 1);
    assert.match(run.stderr, /Cannot write "\/root\/copy": its disk is full \(\d+ MiB/);
    assert.match(run.stderr, /hint: +banger vm exec box -- df -h \/root/);
    assert.equal(await says('ls -A /root | grep banger; cat /root/copy'), 'kept');
  });

  await part('a full disk here is named, with the way out', async () => {
    if (!mayMount) return;
    const script = `mount -t tmpfs -o size=4m tmpfs '${dir}/out' && { '${bangerProgram}' cp box:/root/large '${dir}/out'; status=$?; ls -A '${dir}/out'; exit $status; }`;

    const run = await runToEnd(['unshare', '--mount', 'sh', '-c', script], { env: home.env });

    assert.equal(run.status, 1);
    assert.match(run.stderr, /its disk is full/);
    assert.match(run.stderr, /hint: +df -h/);
    assert.equal(run.stdout, '');
  });

  await part('a file that changes meanwhile is named, whichever side it is on', async () => {
    const writing = setInterval(() => appendFileSync(large, 'more'), 20);
    const put = await home.banger(['cp', large, 'box:/srv/in/large']);
    clearInterval(writing);
    await says(
      'rm -f /srv/stop; (until [ -e /srv/stop ]; do echo more >> /root/large; sleep 0.2; done) >/dev/null 2>&1 &',
    );
    const got = await home.banger(['cp', 'box:/root/large', `${dir}/out/large`]);
    await says('touch /srv/stop');

    for (const { status, stderr } of [put, got]) {
      assert.equal(status, 1, stderr);
      assert.match(stderr, /large": it changed/);
    }
    assert.deepEqual(readdirSync(`${dir}/out`), []);
    await nothingInGuest();
  });

  await part('20,000 small files go in and out', async () => {
    const many = `${dir}/many`;
    for (let d = 0; d < 100; d += 1) {
      mkdirSync(`${many}/${String(d)}`, { recursive: true });
      for (let f = 0; f < 200; f += 1)
        writeFileSync(`${many}/${String(d)}/${String(f)}`, `${String(d)} ${String(f)}`);
    }

    const began = performance.now();
    await home.ok(['cp', many, 'box:/srv']);
    const put = performance.now();
    await home.ok(['cp', 'box:/srv/many', `${dir}/many-back`]);
    t.diagnostic(`in ${String(put - began)} ms, out ${String(performance.now() - put)} ms`);

    execFileSync('diff', ['-r', many, `${dir}/many-back`]);
    assert.equal(
      await says('find /srv/many -type f | wc -l; find / -xdev -name ".banger-*"'),
      '20000',
    );
  });

  await part('the VM ends in the middle, in both directions', async () => {
    for (const direction of directions) {
      const copy = await begin(home, direction);
      await home.ok(['vm', 'kill', 'box']);
      const { status, stderr } = await copy.ended;

      assert.equal(status, 1, stderr);
      assert.match(stderr, /VM "box" ended meanwhile/);
      assert.deepEqual(readdirSync(`${dir}/out`), []);
      await home.ok(['vm', 'start', 'box']);
      assert.equal(await says('ls /srv/in'), '');
      await says('rm -rf /srv/in/.banger-*');
    }
    assert.ok(existsSync(large));
  });
});

interface Direction {
  readonly args: readonly string[];
  /** Names of what is being made */
  readonly begun: () => Promise<string>;
}

/** A copy that has begun to write. */
async function begin(home: SandboxHome, { args, begun }: Direction) {
  const child = home.start(['cp', ...args]);
  child.stdin?.end();
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([status]) => ({
    status: status as number | null,
    stderr,
  }));
  while (!(await begun()).includes('.banger-')) {
    assert.equal(child.exitCode, null, stderr);
    await pause(20);
  }
  return { kill: (signal: NodeJS.Signals) => child.kill(signal), ended };
}
