import { join } from 'node:path';

import type { Clock } from '../host/clock.ts';
import type { HostProblem } from '../host/host-problem.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import { createJailHost, type RootJailHost } from '../vmm/firecracker/jail/create-jail-host.ts';
import { ensureRootsOwn } from '../vmm/firecracker/jail/jail-dirs.ts';
import { unusable } from '../vmm/firecracker/jail/jail-errors.ts';
import { HELPED_JAILS, helpedJails } from './helped-jails.ts';
import type { HelperSettings } from './helper-settings.ts';
import type { JailParts } from './jail-requests.ts';
import { lockJails } from './lock-jails.ts';
import { programProblems } from './program-problems.ts';

/** Jails of the owner in the settings, made with programs that nobody but root can have changed. */
export function createRootJailHost({ owner, jail }: HelperSettings, clock: Clock): RootJailHost {
  const processes = createSystemProcesses();
  const host = createJailHost({
    ...{ base: helpedJails(owner.stateDir), owner, processes, clock, ...jail },
    ...{ banger: owner.stateDir, filesBelow: owner.stateDir },
  });
  const ofPrograms = async (): Promise<readonly HostProblem[]> => {
    const problems: HostProblem[] = [];
    for (const program of [jail.jailer, jail.firecracker]) {
      const path = await processes.find(program);
      if (path !== undefined) problems.push(...(await programProblems(path)));
    }
    return problems;
  };
  return {
    ...host,
    async problems(signal) {
      const first = await ofPrograms(); // Before they are asked for their version.
      return first.length > 0 ? first : await host.problems(signal);
    },
    async spawn(order, signal) {
      const [problem] = await ofPrograms();
      if (problem !== undefined) throw unusable(order.id, problem.what);
      return await host.spawn(order, signal);
    },
  };
}

/** One helper at a time changes jails of this owner. */
export function jailLockOf({ owner }: HelperSettings, clock: Clock): JailParts['lock'] {
  const base = helpedJails(owner.stateDir);
  return async (signal) => {
    await ensureRootsOwn(HELPED_JAILS);
    await ensureRootsOwn(base);
    return await lockJails(join(base, 'lock'), clock, signal);
  };
}
