import { bridgeSettings, type BridgeScene } from '../contract/bridge-host-scene.ts';
import type { BridgeHost } from '../../packages/banger/src/network/bridge/bridge-host.ts';
import { createBridgeHost } from '../../packages/banger/src/network/bridge/create-bridge-host.ts';
import type { Firewall } from '../../packages/banger/src/network/bridge/firewall.ts';
import { ownerId } from '../../packages/banger/src/network/bridge/marks.ts';
import type { Processes } from '../../packages/banger/src/host/processes.ts';
import { makeNetworkNamespace, type NetworkNamespace } from './network-namespace.ts';

export type MakeFirewall = (processes: Processes, id: string) => Firewall;

/** Another caller on that host. */
export function createSceneHost(
  { processes, kernel }: Pick<NetworkNamespace, 'processes' | 'kernel'>,
  makeFirewall: MakeFirewall,
  settings = bridgeSettings,
): BridgeHost {
  return createBridgeHost({
    ...{ settings, processes, kernel },
    hasTunDevice: () => Promise.resolve(true),
    firewall: () => Promise.resolve(makeFirewall(processes, ownerId(settings.owner))),
  });
}

/** The real thing, in a namespace of its own. */
export async function realBridgeScene(makeFirewall: MakeFirewall): Promise<BridgeScene> {
  const space = await makeNetworkNamespace();
  const { kernel } = space;
  const change = async (command: string) => {
    await space.ok(command);
  };
  return {
    caller: () => createSceneHost(space, makeFirewall),
    state: () => networkState(space.ok),
    forwards: async () => (await kernel.read('net/ipv4/ip_forward')) === '1',
    others: {
      deleteBridge: () => change('ip link delete br-test'),
      flushRules: () => change('nft flush ruleset'),
      addLink: (name) => change(`ip link add ${name} type bridge`),
      addRoute: (subnet) =>
        change(
          `ip link add uplink type bridge && ip link set uplink up && ip route add ${subnet} dev uplink`,
        ),
    },
    [Symbol.asyncDispose]: () => space[Symbol.asyncDispose](),
  };
}

/** Links, addresses, routes, neighbours, rules and forwarding, less what differs between two that are made alike. */
export async function networkState(ok: NetworkNamespace['ok']): Promise<string> {
  const looks = await Promise.all([
    ok('ip -details link show | sed -E "s/^[0-9]+: //; s/[a-z_]+_timer +[0-9.]+//g"'),
    ok('ip address show | sed -E "s/^[0-9]+: //"'),
    ok('ip route show table all | grep -v "^ff00::\\|fe80::"; true'),
    ok('ip neigh show'),
    ok('bridge fdb show | grep static; true'),
    ok('nft list ruleset'),
    ok('cat /proc/sys/net/ipv4/ip_forward'),
  ]);
  return looks.map(sorted).join('\n--\n');
}

/** iptables leaves the kernel's own chains, which nft shows, with nothing in them. */
const isEmptyChain =
  /^(?:table (?:ip|bridge) (?:filter|nat)|chain [A-Z]+|type \w+ hook .*policy accept;)$/;

/** MAC addresses of the taps' own ends and IPv6 addresses made from them are made up; links and sets have no order. */
function sorted(look: string): string {
  return look
    .replaceAll(/link\/ether (?!02:ba)\S+/g, 'link/ether …')
    .replaceAll(/inet6 fe80\S+.*/g, '')
    .replaceAll(/valid_lft.*/g, '')
    .split(/\n|, /)
    .map((line) => line.replaceAll(/[{}]|elements =/g, '').trim())
    .filter((line) => line !== '' && !isEmptyChain.test(line))
    .sort()
    .join('\n');
}
