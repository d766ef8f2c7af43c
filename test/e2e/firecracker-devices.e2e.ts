import assert from 'node:assert/strict';

import { assertFails, until } from '../support/faults.ts';
import { FIRECRACKER, residentMib, useFakeFirecracker } from '../support/firecracker-vms.ts';
import { mayMakeNamespaces } from '../support/network-namespace.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { guestSays, showVm, SLIM } from '../support/vms.ts';

/** What Firecracker's devices do besides being there, seen by a real guest: a balloon, and rate limits. */

const SHAPE = ['--image', 'debian-bookworm-slim', '--memory', '512M', '--disk-size', '1G'];
const TAKEN_MIB = 200;
const LIMIT_MIB = 8;
const WRITTEN_MIB = 48;
const options = { ownNetwork: true, templates: 'off', skip: !mayMakeNamespaces } as const;

sandboxTest('a VM of Firecracker', options, async (home, _, part) => {
  await useFakeFirecracker(home);
  const guest = (script: string) => guestSays(home, 'web', ['sh', '-c', script]);
  await home.ok(['vm', 'create', '--name', 'web', ...FIRECRACKER, ...SHAPE]);

  const takeAndFree = async () => {
    await guest(`head -c ${String(TAKEN_MIB)}M /dev/zero > /dev/shm/f`);
    const taken = await residentMib(home, 'web');
    assert.ok(taken > TAKEN_MIB, `${String(taken)} MiB`);
    await guest('rm /dev/shm/f');
    await until(
      "most of it is the host's again",
      async () => {
        return (await residentMib(home, 'web')) < taken - TAKEN_MIB * 0.75;
      },
      120_000,
    );
  };

  await part('gives memory back to the host when the guest has freed it', takeAndFree);
  await part('goes on after a suspend, and gives memory back then, too', async () => {
    await guest('echo here > /run/f');
    await home.ok(['vm', 'suspend', 'web']);
    await home.ok(['vm', 'start', 'web']);
    assert.equal(await guest('cat /run/f'), 'here');
    await takeAndFree();
  });
  await part('tells of its memory, as the guest and as the host see it', async () => {
    const { stdout } = await home.ok(['vm', 'stats', 'web', '--json']);
    const [stats] = JSON.parse(stdout) as Record<string, number>[];
    const { memoryTotalBytes: total = 0, memoryFreeBytes: free = 0 } = stats ?? {};
    assert.ok(free > 0 && free < total, stdout);
    assert.ok((stats?.['memoryCacheBytes'] ?? 0) > 0, stdout);
    assert.ok((stats?.['hostRssBytes'] ?? 0) > 0, stdout);
  });
  await part('has a log in which Firecracker is told apart from the guest', async () => {
    const forged = `${new Date().toISOString()} [web:main] forged`;
    await guest(`echo '${forged}' > /dev/console`);
    await until('it is in the log', async () => {
      return (await home.ok(['vm', 'logs', 'web'])).stdout.includes(forged);
    });
    const { stdout } = await home.ok(['vm', 'logs', 'web', '--source', 'vmm']);
    assert.match(stdout, /^\S+ \[vm-\w+:main\] Running Firecracker v1\.16\.1$/m);
    assert.doesNotMatch(stdout, /forged|banger-agent/);
    const last = (await home.ok(['vm', 'logs', 'web', '--source', 'vmm', '--tail', '1'])).stdout;
    assert.equal(last, `${stdout.trimEnd().split('\n').at(-1) ?? ''}\n`);
  });
  await part('holds its disks to a limit, also another one and after a suspend', async () => {
    await home.ok(['vm', 'set', 'web', '--disk-bandwidth', `${String(LIMIT_MIB)}M`]);
    await assertHeld(home);
    assert.match((await home.ok(['vm', 'show', 'web'])).stdout, /disk bandwidth: +8M a second/);
    await home.ok(['vm', 'suspend', 'web']);
    await home.ok(['vm', 'start', 'web']);
    await assertHeld(home);
    await home.ok(['vm', 'set', 'web', '--disk-bandwidth', 'none', '--network-bandwidth', '10M']);
    assert.equal((await showVm(home, 'web')).spec.diskMibPerSecond, null);
  });
});

sandboxTest('the disks of a VM of QEMU', { templates: 'shared' }, async (home, _, part) => {
  await home.ok(['vm', 'create', '--name', 'web', '--disk-bandwidth', '8M', ...SLIM]);

  await part('are held to their limit', () => assertHeld(home));
  await part('and not its network: that is refused by name', async () => {
    const limit = ['--network-bandwidth', '10M'];
    const usage = { status: 2 };
    const set = ['vm', 'set', 'web', ...limit];
    await assertFails(home, set, /network of VM "web": VMM "qemu"/, usage);
    const create = ['vm', 'create', ...limit, ...SLIM];
    await assertFails(home, create, /VMM "qemu" has no limit for it/, usage);
  });
});

/** A second's worth may be there from before; nothing is said of how slow it is beside that. */
async function assertHeld(home: SandboxHome): Promise<void> {
  const began = performance.now();
  const count = String(WRITTEN_MIB);
  const write = `dd if=/dev/zero of=/root/f bs=1M count=${count} oflag=direct conv=notrunc`;
  await guestSays(home, 'web', ['sh', '-c', write]);
  const tookMs = performance.now() - began;
  const atLeastMs = (1000 * (WRITTEN_MIB - LIMIT_MIB)) / LIMIT_MIB;
  assert.ok(tookMs >= atLeastMs, `${String(tookMs)} ms`);
}
