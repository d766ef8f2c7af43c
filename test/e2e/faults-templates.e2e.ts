import assert from 'node:assert/strict';
import { appendFile, copyFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { Template } from '@banger/protocol/template';

import { killAndWait, killDaemon, listVms, startBanger, until } from '../support/faults.ts';
import { repositoryRoot } from '../support/repository.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { assertDisksAreClean, qemuPids, savingLeftovers } from '../support/saved-vms.ts';
import { inside, mayMount, resizeTmpfs, startOnTmpfs } from '../support/small-disk.ts';
import { guestSays, showVm, SLIM } from '../support/vms.ts';

/** Templates whose making is cut off, that belong to another build, and a storm of their forks. */

const RUN = ['run', '--rm', ...SLIM, '--', 'true'];

sandboxTest(
  'a daemon killed while a template is made: the next run makes it',
  { templates: 'own' },
  async (home, _, part) => {
    // The first machine that gets to a step is the one that becomes `t0`; only `t1` boots.
    for (const at of ['launch-vmm:done', 'save:started', 'save:done', 'boot-guest:done']) {
      await part(`at ${at}`, async () => {
        const { status, stderr } = await home.banger(RUN, { env: { BANGER_TEST_CRASH_AT: at } });
        assert.equal(status, 125, stderr);
        assert.match(stderr, /^error: .*daemon/m);
        assert.deepEqual(await listVms(home), []);
        await home.assertHostIsClean();
        assert.deepEqual(await savingLeftovers(home), []);
        const { stderr: next } = await home.ok(RUN);
        assert.doesNotMatch(next, /warning/);
        assert.deepEqual(await depths(home), ['t0', 't1']);
        await home.ok(['template', 'prune', '-f']);
        await killDaemon(home);
      });
    }
  },
);

sandboxTest(
  'the monitor of a template in the making is killed: the run succeeds, with a warning',
  { templates: 'own' },
  async (home, _, part) => {
    await part('before its agent waits', async () => {
      const run = startBanger(home, RUN);
      await killAndWait(await nextMonitor(home));
      const { status, stderr } = await run.ended;
      assert.equal(status, 0, stderr);
      assert.match(stderr, /^warning: .*template/im);
    });
    await part('while it boots', async () => {
      await home.ok(['template', 'prune', '-f']);
      const run = startBanger(home, RUN);
      const first = await nextMonitor(home);
      await killAndWait(await nextMonitor(home, [first]));
      const { status, stderr } = await run.ended;
      assert.equal(status, 0, stderr);
      assert.match(stderr, /^warning: .*template/im);
    });
    await home.assertHostIsClean();
    const { stderr } = await home.ok(RUN);
    assert.doesNotMatch(stderr, /warning/);
    assert.deepEqual(await depths(home), ['t0', 't1']);
  },
);

sandboxTest(
  'a disk that is full while a template is made: the run is a cold one, with a warning',
  { templates: 'own' },
  async (home, t) => {
    if (!mayMount) {
      t.skip('only root may mount');
      return;
    }
    const templates = join(home.stateDir, 'templates');
    await startOnTmpfs(home, templates, '20m');

    const { stderr } = await home.ok(RUN);

    assert.match(stderr, /^warning: No template could be made.*(?:no space is left|is full)/m);
    assert.deepEqual(await readdir(await inside(home, templates)), []);
    await home.assertHostIsClean();
    await resizeTmpfs(home, templates, '1g');
    assert.doesNotMatch((await home.ok(RUN)).stderr, /warning/);
    assert.deepEqual(await depths(home), ['t0', 't1']);
  },
);

sandboxTest(
  'another build has templates of its own, and takes over what the old one saved',
  { templates: 'own' },
  async (home) => {
    await home.ok(['vm', 'create', '--name', 'web', ...SLIM]);
    await guestSays(home, 'web', ['sh', '-c', 'echo kept > /run/f']);
    const before = await templates(home);
    await home.ok(['vm', 'suspend', 'web']);
    await home.ok(['daemon', 'stop']);
    const agent = join(dirname(home.stateDir), 'other-agent');
    await copyFile(join(repositoryRoot, 'dist/banger-agent'), agent);
    await appendFile(agent, '\0');
    Object.assign(home.env, { BANGER_AGENT_BINARY: agent });

    await home.ok(RUN);
    await home.ok(['vm', 'start', 'web']);

    assert.equal(await guestSays(home, 'web', ['cat', '/run/f']), 'kept');
    const ids = new Set(before.map(({ id }) => id));
    const made = (await templates(home)).filter(({ id }) => !ids.has(id));
    assert.deepEqual(made.map(({ depth }) => depth).sort(), ['t0', 't1']);
    await home.ok(['template', 'delete', ...ids]);
    assert.equal((await templates(home)).length, 2);
    await home.ok(['vm', 'restart', 'web']);
    assert.equal((await showVm(home, 'web')).startedFrom?.kind, 't0');
    await home.ok(['vm', 'stop', 'web']);
    await assertDisksAreClean(home, 'web');
    await home.ok(['vm', 'delete', 'web']);
    await home.assertHostIsClean();
  },
);

sandboxTest('30 runs at once', {}, async (home) => {
  await home.ok(RUN);
  const names = Array.from({ length: 30 }, (_, index) => `run-${String(index)}`);

  const finished = await Promise.all(
    names.map((name) =>
      home.banger(['run', '--rm', '--name', name, '--vcpu', '1', ...SLIM, '--', 'hostname']),
    ),
  );

  for (const [index, { status, stdout, stderr }] of finished.entries()) {
    assert.deepEqual([status, stdout], [0, `${names[index] ?? ''}\n`], stderr);
    assert.doesNotMatch(stderr, /warning/);
  }
  await home.assertHostIsClean();
});

async function templates(home: SandboxHome): Promise<readonly Template[]> {
  const { stdout } = await home.ok(['template', 'list', '--json']);
  return Template.array().parse(JSON.parse(stdout));
}

async function depths(home: SandboxHome): Promise<readonly string[]> {
  return (await templates(home)).map(({ depth }) => depth).sort();
}

/** Process id of a monitor that is not one of these, as soon as there is one. */
async function nextMonitor(home: SandboxHome, besides: readonly number[] = []): Promise<number> {
  let found: number | undefined;
  await until('there is another monitor', async () => {
    found = (await qemuPids(home)).find((pid) => !besides.includes(pid));
    return found !== undefined;
  });
  return found ?? 0;
}
