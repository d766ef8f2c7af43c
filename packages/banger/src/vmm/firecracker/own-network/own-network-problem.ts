import type { HostProblem } from '../../../host/host-problem.ts';
import type { KernelSettings } from '../../../host/kernel-settings.ts';
import type { Processes } from '../../../host/processes.ts';
import { UNSHARE } from './own-namespaces.ts';
import { hasIpv6, ownLinks } from './own-links.ts';

/** By Debian package */
const PROGRAMS = [
  ['slirp4netns', 'slirp4netns'],
  ['ip', 'iproute2'],
  ['unshare', 'util-linux'],
  ['nsenter', 'util-linux'],
  ['setpriv', 'util-linux'],
  ['mkfifo', 'coreutils'],
] as const;

/** What forbids user namespaces to those who are not root, by the value that does, and what allows them */
const FORBIDDEN = [
  ['user/max_user_namespaces', '0', 'sudo sysctl user.max_user_namespaces=10000'],
  ['kernel/unprivileged_userns_clone', '0', 'sudo sysctl kernel.unprivileged_userns_clone=1'],
  [
    'kernel/apparmor_restrict_unprivileged_userns',
    '1',
    'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
  ],
] as const;

export interface NetworkNeeds {
  readonly processes: Processes;
  readonly kernel: Pick<KernelSettings, 'read'>;
}

/** Why a Firecracker cannot have a network of its own here; found out by making one, which is gone at once. */
export async function ownNetworkProblem(
  { processes, kernel }: NetworkNeeds,
  signal: AbortSignal,
): Promise<HostProblem | undefined> {
  for (const [program, pkg] of PROGRAMS) {
    if ((await processes.find(program)) !== undefined) continue;
    const what = `the program "${program}" is not there`;
    return { what, hint: `sudo apt-get install ${pkg}` };
  }
  const tried = await processes.run([...UNSHARE, 'ip', '-batch', '-'], {
    ...{ stdin: ownLinks({ isConnected: true, hasIpv6: hasIpv6() }), signal },
  });
  if (tried.exitCode === 0) return undefined;
  for (const [name, value, hint] of FORBIDDEN) {
    if ((await kernel.read(name)) !== value) continue;
    return { what: `user namespaces are forbidden here (/proc/sys/${name} is ${value})`, hint };
  }
  const why = tried.stderr.trim().split('\n')[0] ?? '';
  if (why.startsWith('open: ')) {
    const hint = 'sudo modprobe tun; sudo chmod 666 /dev/net/tun';
    return { what: `/dev/net/tun cannot be opened (${why.slice('open: '.length)})`, hint };
  }
  const hint = `sh -c "${UNSHARE.join(' ')} ip link add br0 type bridge"`;
  return { what: `no network can be made in a namespace: ${why}`, hint };
}
