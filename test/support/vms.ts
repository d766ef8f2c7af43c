import { Vm, VmDetails } from '@banger/protocol/vm';

import type { SandboxHome } from './sandbox-home.ts';

/** A VM that is quick to make and to boot, for `vm create` and `vm run` */
export const SLIM = ['--image', 'debian-bookworm-slim', '--memory', '256M', '--disk-size', '1G'];

/** `vm show --json`, checked by the schema that the API promises. */
export async function showVm(home: SandboxHome, vm: string): Promise<VmDetails> {
  const { stdout } = await home.ok(['vm', 'show', vm, '--json']);
  return VmDetails.parse(JSON.parse(stdout));
}

/** `vm list --json`, running ones unless `--all` is among the arguments. */
export async function shownVms(
  home: SandboxHome,
  args: readonly string[] = [],
): Promise<readonly Vm[]> {
  const { stdout } = await home.ok(['vm', 'list', '--json', ...args]);
  return Vm.array().parse(JSON.parse(stdout));
}

/** What a command in a VM writes; it has to end with 0. */
export async function guestSays(
  home: SandboxHome,
  vm: string,
  argv: readonly string[],
): Promise<string> {
  const { stdout } = await home.ok(['vm', 'exec', vm, '--', ...argv], { stdin: '' });
  return stdout.trimEnd();
}

/** A shell's command line for a process that goes on after it: it counts up in /run/count. */
export const COUNTING =
  "setsid nohup sh -c 'i=0; while :; do i=$((i+1)); echo $i > /run/count; sleep 0.1; done' >/dev/null 2>&1 &";

/** Resolves when the process that counts has done so once more. */
export async function countsOn(home: SandboxHome, vm: string): Promise<void> {
  // The file is empty for a moment each time.
  const script =
    'a=$(cat /run/count); until [ "$(cat /run/count)" -gt "${a:-0}" ] 2>/dev/null; do sleep 0.05; done';
  await home.ok(['exec', '--timeout', '60s', vm, '--', 'sh', '-c', script], { stdin: '' });
}

/** How far the guest's clock is from ours, as an absolute; the nearest of three, as the way there takes its time. */
export async function clockOffsetMs(home: SandboxHome, vm: string): Promise<number> {
  let nearest = Infinity;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const before = Date.now();
    const guest = Number(await guestSays(home, vm, ['date', '+%s%3N']));
    const after = Date.now();
    const outside = guest < before ? before - guest : guest > after ? guest - after : 0;
    nearest = Math.min(nearest, outside);
  }
  return nearest;
}

/** The kernel's own name for one boot. */
export function bootIdOf(home: SandboxHome, vm: string): Promise<string> {
  return guestSays(home, vm, ['cat', '/proc/sys/kernel/random/boot_id']);
}
