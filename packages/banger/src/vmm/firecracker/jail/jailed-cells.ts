import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import type { Clock } from '../../../host/clock.ts';
import type { Processes } from '../../../host/processes.ts';
import type { MachinePlan } from '../../../machine/plan.ts';
import type { Cell, Cells } from '../cell.ts';
import { instanceId } from '../own-lines.ts';
import { endHeldNetwork, holdNetwork, type HeldNetwork } from '../own-network/held-network.ts';
import { hasOwnNetwork } from '../own-network/own-network.ts';
import { JailFile, JailId, type JailHost } from './jail-host.ts';
import { jailUid } from './jail-user.ts';

/** Cells whose Firecracker runs in a jail of its own, as a user of its own. */
export function createJailedCells(parts: JailedCellParts): Cells {
  return { of: (plan) => createJailedCell(parts, plan) };
}

export interface JailedCellParts {
  readonly host: JailHost;
  /** Its state directory */
  readonly banger: string;
  /** The daemon's own, for what of a VM is not jailed */
  readonly processes: Processes;
  readonly clock: Clock;
}

/** A VM's jail. The jailer takes no underscore. */
export function jailIdOf(vm: string): JailId {
  return JailId.parse(instanceId(vm));
}

/** The user of a plan's jail, who opens its tap, too. */
export function jailUidOf({ network }: MachinePlan, banger: string): number {
  return jailUid(banger, network.guestAddress.replace(/\/.*$/, ''), network.mode);
}

function createJailedCell({ host, banger, ...own }: JailedCellParts, plan: MachinePlan): Cell {
  const id = jailIdOf(plan.id);
  const uid = jailUidOf(plan, banger);
  const limits = { memoryMib: plan.spec.memoryMib, vcpus: plan.spec.vcpu };
  const orderOf = (args: readonly string[], logFile = '/dev/null', netns?: string) => ({
    ...{ id, args: [...args], logFile, limits, netns },
  });
  const isAlone = hasOwnNetwork(plan);
  let held: HeldNetwork | undefined;
  return {
    dir: host.rootOf(id),
    async place(files, signal) {
      const resolved = files.map(async ({ name, hostPath, access }) =>
        JailFile.parse({ name, hostPath: await realpath(hostPath), access }),
      );
      await host.place({ id, uid }, await Promise.all(resolved), signal);
    },
    // Which binary it is, is in the host's own settings.
    async spawn(args, { logFile, signal }) {
      const straight = join(await realpath(dirname(logFile)), basename(logFile));
      if (isAlone) held = await holdNetwork(own, plan, signal);
      return host.spawn(orderOf(args, straight, held?.netns), signal);
    },
    async connect(child, signal) {
      await held?.connect(child, signal);
    },
    command: (args) => host.command({ id, uid }, orderOf(args)),
    adopt: (identity) => host.adopt(id, identity),
    find: () => host.find(id),
    takeOut: (name, to, signal) => host.takeOut(id, { name, to }, signal),
    async remove(signal) {
      if (isAlone) await endHeldNetwork(own, plan);
      await host.remove(id, signal);
    },
  };
}
