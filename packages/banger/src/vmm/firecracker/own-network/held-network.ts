/**
 * A network of its own for a Firecracker that comes to it from elsewhere: a jailer is told of the namespace by path, and leaves its
 * Firecracker no descriptor. So a process waits in the namespaces until Firecracker is there, and then another one, as long
 * as Firecracker runs, with the FIFO open that ends slirp4netns.
 */
import { BangerError } from '@banger/protocol/errors';

import { readCommandLine } from '../../../host/proc-identity.ts';
import type { Child } from '../../../host/processes.ts';
import type { MachinePlan } from '../../../machine/plan.ts';
import { withLastWords } from './last-words.ts';
import { connectNetwork, makeLifeline } from './own-network.ts';
import { inOwnNamespaces } from './own-namespaces.ts';
import { endSlirp, lifelineOf, type SlirpHost } from './slirp.ts';

const DEADLINE_MS = 20_000;
const CHECK_MS = 2;
const CANNOT = 'no namespace can be made';

export interface HeldNetwork {
  /** Path of the network namespace, for as long as nobody has connected it */
  readonly netns: string;
  /** Resolves when Firecracker, which is in the namespace, can be told of its tap. The namespaces go with it from then on. */
  connect(firecracker: Child, signal: AbortSignal): Promise<void>;
}

/** Resolves when there is a namespace with nothing in it; rejects with `host.network_unavailable`. What is made is found by the plan, and ended by `endHeldNetwork`. */
export async function holdNetwork(
  host: SlirpHost,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<HeldNetwork> {
  const { processes, clock } = host;
  const logFile = plan.paths.vmmLog;
  const lifeline = await makeLifeline(host, plan, signal);
  const holder = await withLastWords(CANNOT, { logFile, signal }, hold).catch((cause: unknown) => {
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BangerError(
      'host.network_unavailable',
      `Cannot start VM "${plan.spec.name}": ${why}`,
      { cause, hint: 'banger doctor' },
    );
  });
  const { pid } = holder.identity;
  return {
    netns: `/proc/${String(pid)}/ns/net`,
    async connect({ identity }, until) {
      const inherit = [{ path: lifeline, access: 'read-write' }] as const;
      const watcher = watcherOf(plan, identity.pid);
      await using cleanup = new AsyncDisposableStack();
      if (plan.network.nat)
        cleanup.use(await processes.spawn(watcher, { logFile, inherit, signal: until }));
      await connectNetwork(host, plan, { pid, signal: until });
      await holder[Symbol.asyncDispose]();
      cleanup.move(); // It is the VM's, too.
    },
  };

  /** It waits for a writer of the FIFO, and is there when it has become what does so. */
  async function hold(): Promise<Child> {
    await using cleanup = new AsyncDisposableStack();
    const command = inOwnNamespaces(['cat', lifeline]);
    const child = cleanup.use(await processes.spawn(command, { logFile, signal }));
    const alive = AbortSignal.any([signal, child.gone, AbortSignal.timeout(DEADLINE_MS)]);
    while (readCommandLine(child.identity.pid)[0] !== 'cat') await clock.wait(CHECK_MS, alive);
    cleanup.move(); // It is the VM's, which is found by its plan.
    return child;
  }
}

/** Whatever runs for a plan's network, wherever a daemon may have died. Repeatable. */
export async function endHeldNetwork(host: SlirpHost, plan: MachinePlan): Promise<void> {
  for (const mark of [lifelineOf(plan), plan.paths.pidFile]) {
    for (const identity of await host.processes.listMatching(mark)) {
      const child = await host.processes.adopt(identity);
      await child?.[Symbol.asyncDispose]();
    }
  }
  await endSlirp(host, plan);
}

/** Ends a second after the process at most, whoever's that is (tail(1)); the file names it as this VM's. */
function watcherOf({ paths }: MachinePlan, pid: number) {
  return ['tail', `--pid=${String(pid)}`, '--lines=0', '--follow', paths.pidFile] as const;
}
