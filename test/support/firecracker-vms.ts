import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import {
  createFakeFirecracker,
  type FakeFirecracker,
} from './fake-firecracker/create-fake-firecracker.ts';
import { writeConfig } from './faults.ts';
import type { SandboxHome } from './sandbox-home.ts';
import { showVm } from './vms.ts';

/** For `vm create` and `vm run` */
export const FIRECRACKER = ['--vmm', 'firecracker', '--accel', 'kvm', '--network', 'bridge'];

/** From now on a VM on Firecracker is the fake's; taps are made when they are needed. */
export async function useFakeFirecracker(
  home: SandboxHome,
  version = '1.16.1',
): Promise<FakeFirecracker> {
  const dir = join(dirname(home.stateDir), 'firecracker');
  const fake = await createFakeFirecracker({ dir, version });
  // A jail has no QEMU in it.
  const keys = ['tap_pool_size = 0', 'jailer_enabled = false'];
  await writeConfig(home, [...keys, `firecracker_bin = "${fake.binary}"`, ''].join('\n'));
  return fake;
}

/** What a VM of the fake takes of the host's memory: that is with the QEMU under it. */
export async function residentMib(home: SandboxHome, vm: string): Promise<number> {
  const { vmm } = await showVm(home, vm);
  const tasks = `/proc/${String(vmm?.pid)}/task`;
  const children = (await readdir(tasks)).map((task) =>
    readFile(join(tasks, task, 'children'), 'utf8'),
  );
  const pid = (await Promise.all(children)).join('').trim();
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Rss:\s+(\d+) kB/m.exec(rollup)?.[1]) / 1024;
}
