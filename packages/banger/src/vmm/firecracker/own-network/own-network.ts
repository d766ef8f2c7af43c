/**
 * A network without root, for a monitor that has nothing but taps. Firecracker is in a network namespace whose user namespace
 * is ours: we are root there, and it has no capability. There are its tap and, where the guest reaches out, a bridge to a second
 * one, whose frames slirp4netns (outside, as our user) turns into connections of ours: libslirp, the stack that QEMU has built in.
 *
 * The namespaces have no name: they go with Firecracker. So does slirp4netns, when the last writer of a FIFO
 * is gone, whether or not a daemon is there to see it. Names and addresses are the same for each VM, so a state that was
 * saved on one network is loaded on another. Nothing of it is on the host but processes and two files of the run directory.
 */
import type { MachinePlan } from '../../../machine/plan.ts';
import { inNamespacesOf } from './own-namespaces.ts';
import { hasIpv6, ownLinks } from './own-links.ts';
import { lifelineOf, startSlirp, type SlirpHost } from './slirp.ts';

const DEADLINE_MS = 20_000;

/** Whether the VM's network is one of its own; else its tap is on a bridge of the host's. */
export function hasOwnNetwork({ network }: Pick<MachinePlan, 'network'>): boolean {
  return network.bridge === null;
}

/** What is to be open for writing as long as the VM runs. */
export async function makeLifeline(
  { processes }: Pick<SlirpHost, 'processes'>,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<string> {
  const path = lifelineOf(plan);
  const { exitCode, stderr } = await processes.run(['mkfifo', '-m', '600', path], { signal });
  if (exitCode !== 0) throw new Error(`no FIFO can be made: ${stderr.trim()}`);
  return path;
}

/** Makes the links in the namespaces that this process is in, and joins them to the world if the plan has NAT. */
export async function connectNetwork(
  host: SlirpHost,
  plan: MachinePlan,
  { pid, signal }: { readonly pid: number; readonly signal: AbortSignal },
): Promise<void> {
  const { nat } = plan.network;
  const links = ownLinks({ isConnected: nat, hasIpv6: hasIpv6() });
  const { exitCode, stderr } = await host.processes.run(
    inNamespacesOf(pid, ['ip', '-batch', '-']),
    { stdin: links, signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]) },
  );
  if (exitCode !== 0) throw new Error(`"ip" says: ${stderr.trim().replaceAll('\n', '; ')}`);
  if (nat) await startSlirp(host, plan, { pid, signal });
}
