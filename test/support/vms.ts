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

/** The kernel's own name for one boot. */
export function bootIdOf(home: SandboxHome, vm: string): Promise<string> {
  return guestSays(home, vm, ['cat', '/proc/sys/kernel/random/boot_id']);
}
