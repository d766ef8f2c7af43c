import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runToEnd } from './run-to-end.ts';
import type { SandboxHome } from './sandbox-home.ts';
import { guestSays, showVm } from './vms.ts';

/** What drills of saving and restoring share. Everything here works on one sandbox home. */

/** For a guest's shell: a process that goes on counting in `/run/count` for as long as its memory lives */
export const COUNT =
  "setsid nohup sh -c 'i=0; while :; do i=$((i+1)); echo $i > /run/count; sleep 0.1; done' >/dev/null 2>&1 &";

/** Process ids of every QEMU of this home: of VMs shown or not, and those that only receive a state. */
export async function qemuPids(home: SandboxHome): Promise<readonly number[]> {
  const { stdout } = await runToEnd(['pgrep', '-f', `qemu-system.*${home.runtimeDir}`], {});
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

/** Fails unless the process that `COUNT` started is alive in it. */
export async function assertCounts(home: SandboxHome, vm: string): Promise<void> {
  const count = async () => Number(await guestSays(home, vm, ['cat', '/run/count']));
  const before = await count();
  await guestSays(home, vm, ['sleep', '0.5']);
  assert.ok((await count()) > before, `${vm} counts no more`);
}

/** Of a VM that does not run: neither of its disks needs as much as its journal. */
export async function assertDisksAreClean(home: SandboxHome, vm: string): Promise<void> {
  const { disks } = await showVm(home, vm);
  for (const { role, path } of disks.filter(({ readOnly }) => !readOnly)) {
    const { status, stdout } = await runToEnd(['e2fsck', '-fn', path], {});
    assert.equal(status, 0, `${vm} ${role}: ${stdout}`);
  }
}

/** What a suspended VM's state says of where it was saved is another host's while `work` goes on, then its own again. */
export async function asSavedElsewhere(
  home: SandboxHome,
  vm: string,
  work: () => Promise<void>,
): Promise<void> {
  const { id } = await showVm(home, vm);
  const file = join(home.stateDir, 'vms', id, 'saved/manifest.json');
  const own = await readFile(file, 'utf8');
  const manifest = JSON.parse(own) as object;
  const elsewhere = { fingerprint: '0'.repeat(64), processor: 'Another CPU' };
  await writeFile(file, JSON.stringify({ ...manifest, ...elsewhere }));
  await work();
  await writeFile(file, own);
}

/** What interrupted work would leave: drafts and copies beside a VM's files, templates and fork points in the making. */
export async function savingLeftovers(home: SandboxHome): Promise<readonly string[]> {
  const found: string[] = [];
  for (const dir of ['vms', 'builds', 'templates']) {
    const names = await readdir(join(home.stateDir, dir), { recursive: true }).catch(() => []);
    const isLeft = (name: string) =>
      dir === 'builds' || /\.(?:new|old|restored|draft)(?:$|\/)|(?:^|\/)\./.test(name);
    found.push(...names.filter(isLeft).map((name) => `${dir}/${name}`));
  }
  return found;
}
