import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import type { MachinePlan } from '../../../machine/plan.ts';
import type { Cell, Cells } from '../cell.ts';
import { instanceId } from '../own-lines.ts';
import { JailFile, JailId, type JailHost } from './jail-host.ts';
import { jailUid } from './jail-user.ts';

/** Cells whose Firecracker runs in a jail of its own, as a user of its own. `banger` is its state directory. */
export function createJailedCells(host: JailHost, banger: string): Cells {
  return { of: (plan) => createJailedCell(host, banger, plan) };
}

/** A VM's jail. The jailer takes no underscore. */
export function jailIdOf(vm: string): JailId {
  return JailId.parse(instanceId(vm));
}

/** The user of a plan's jail, who opens its tap, too. */
export function jailUidOf({ network }: MachinePlan, banger: string): number {
  return jailUid(banger, network.guestAddress.replace(/\/.*$/, ''));
}

function createJailedCell(host: JailHost, banger: string, plan: MachinePlan): Cell {
  const id = jailIdOf(plan.id);
  const uid = jailUidOf(plan, banger);
  const limits = { memoryMib: plan.spec.memoryMib, vcpus: plan.spec.vcpu };
  const orderOf = (args: readonly string[], logFile = '/dev/null', netns?: string) => ({
    ...{ id, args: [...args], logFile, limits, netns },
  });
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
      return host.spawn(orderOf(args, straight), signal);
    },
    connect: () => Promise.resolve(), // Its tap is the host's.
    command: (args) => host.command({ id, uid }, orderOf(args)),
    adopt: (identity) => host.adopt(id, identity),
    find: () => host.find(id),
    takeOut: (name, to, signal) => host.takeOut(id, { name, to }, signal),
    remove: (signal) => host.remove(id, signal),
  };
}
