import assert from 'node:assert/strict';

import { until } from '../support/faults.ts';
import { FIRECRACKER, residentMib, useFakeFirecracker } from '../support/firecracker-vms.ts';
import { mayMakeNamespaces } from '../support/network-namespace.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { guestSays } from '../support/vms.ts';

/** What Firecracker's devices do besides being there, seen by a real guest: a balloon. */

const SHAPE = ['--image', 'debian-bookworm-slim', '--memory', '512M', '--disk-size', '1G'];
const TAKEN_MIB = 200;
const options = { ownNetwork: true, templates: 'off', skip: !mayMakeNamespaces } as const;

sandboxTest('the memory of a VM of Firecracker', options, async (home, _, part) => {
  await useFakeFirecracker(home);
  const guest = (script: string) => guestSays(home, 'web', ['sh', '-c', script]);
  await home.ok(['vm', 'create', '--name', 'web', ...FIRECRACKER, ...SHAPE]);

  const takeAndFree = async () => {
    await guest(`head -c ${String(TAKEN_MIB)}M /dev/zero > /dev/shm/f`);
    const taken = await residentMib(home, 'web');
    assert.ok(taken > TAKEN_MIB, `${String(taken)} MiB`);
    await guest('rm /dev/shm/f');
    await until("most of it is the host's again", async () => {
      return (await residentMib(home, 'web')) < taken - TAKEN_MIB * 0.75;
    });
  };

  await part('comes back to the host when the guest has freed it', takeAndFree);
  await part('is as it was after a suspend, and comes back then, too', async () => {
    await guest('echo here > /run/f');
    await home.ok(['vm', 'suspend', 'web']);
    await home.ok(['vm', 'start', 'web']);
    assert.equal(await guest('cat /run/f'), 'here');
    await takeAndFree();
  });
  await part('is told by the guest, beside what the host has given', async () => {
    const { stdout } = await home.ok(['vm', 'stats', 'web', '--json']);
    const [stats] = JSON.parse(stdout) as Record<string, number>[];
    const { memoryTotalBytes: total = 0, memoryFreeBytes: free = 0 } = stats ?? {};
    assert.ok(free > 0 && free < total, stdout);
    assert.ok((stats?.['memoryCacheBytes'] ?? 0) > 0, stdout);
    assert.ok((stats?.['hostRssBytes'] ?? 0) > 0, stdout);
  });
});
