import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { ipv4SubnetAround, ipv4Text } from '@banger/protocol/ipv4-subnet';

import type { Clock } from '../../../host/clock.ts';
import type { Command, Processes } from '../../../host/processes.ts';
import type { MachinePlan } from '../../../machine/plan.ts';
import { awaitSocket } from '../../connect-socket.ts';
import { withLastWords } from './last-words.ts';
import { SLIRP_TAP } from './own-links.ts';

/** Orders of magnitude more than it needs, for a loaded host */
const READY_MS = 20_000;
const LIFELINE_FD = 3;

export interface SlirpHost {
  readonly processes: Processes;
  readonly clock: Clock;
}

/** A FIFO that a VM's Firecracker keeps open for writing: slirp4netns ends when nobody does any more. */
export function lifelineOf({ paths }: Pick<MachinePlan, 'paths'>): string {
  return join(paths.runDir, 'slirp.life');
}

/** Where slirp4netns would take orders; nobody gives any, it says that it runs, and whose it is. */
function socketOf({ paths }: Pick<MachinePlan, 'paths'>): string {
  return join(paths.runDir, 'slirp.sock');
}

/** Pure. Gateway and name server are its second and third address of the subnet (slirp4netns(1)), as the plan has them. */
export function slirpCommand(plan: MachinePlan, pid: number): Command {
  const around = ipv4SubnetAround(plan.network.guestAddress);
  assert(around, 'a plan has an address with its prefix');
  const subnet = `${ipv4Text(around.first)}/${String(around.prefix)}`;
  return [
    'slirp4netns',
    ...[`--cidr=${subnet}`, '--mtu=1500', '--enable-sandbox', '--enable-seccomp'],
    ...[`--exit-fd=${String(LIFELINE_FD)}`, `--api-socket=${socketOf(plan)}`],
    ...[String(pid), SLIRP_TAP],
  ];
}

/** Resolves when the guest of the Firecracker with this pid can reach out. It outlives us, and ends with that Firecracker. */
export async function startSlirp(
  { processes, clock }: SlirpHost,
  plan: MachinePlan,
  { pid, signal }: { readonly pid: number; readonly signal: AbortSignal },
): Promise<void> {
  const logFile = plan.paths.vmmLog;
  await withLastWords('slirp4netns does not start', { logFile, signal }, async () => {
    await using cleanup = new AsyncDisposableStack();
    const inherit = [{ path: lifelineOf(plan), access: 'read' }] as const;
    const command = slirpCommand(plan, pid);
    const slirp = cleanup.use(await processes.spawn(command, { logFile, inherit, signal }));
    const alive = AbortSignal.any([signal, slirp.gone, AbortSignal.timeout(READY_MS)]);
    (await awaitSocket(socketOf(plan), clock, alive)).destroy();
    cleanup.move(); // It is the VM's, which is found by its plan.
  });
}

/** Whatever runs of it for this plan, and what it made. Repeatable. */
export async function endSlirp(
  { processes }: Pick<SlirpHost, 'processes'>,
  plan: MachinePlan,
): Promise<void> {
  for (const identity of await processes.listMatching(`--api-socket=${socketOf(plan)}`)) {
    const slirp = await processes.adopt(identity);
    await slirp?.[Symbol.asyncDispose]();
  }
  for (const file of [socketOf(plan), lifelineOf(plan)]) await rm(file, { force: true });
}
