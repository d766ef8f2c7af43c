import { bridgeHostContract } from '../../../../../test/contract/bridge-host.ts';
import { firewallContract } from '../../../../../test/contract/firewall.ts';
import { realBridgeScene, type MakeFirewall } from '../../../../../test/support/bridge-scene.ts';
import { mayMakeNamespaces } from '../../../../../test/support/network-namespace.ts';
import { createIptablesFirewall } from './iptables-firewall.ts';
import { createNftFirewall } from './nft-firewall.ts';
import { passForward } from './pass-forward.ts';

const nftables: MakeFirewall = (processes, id) =>
  passForward(createNftFirewall(processes, id), processes, id);

if (mayMakeNamespaces) {
  for (const [name, make, crowd] of [
    ['nftables', nftables, 4],
    ['iptables', createIptablesFirewall, 4],
  ] as const) {
    bridgeHostContract({ name: `with ${name}`, crowd, start: () => realBridgeScene(make) });
    firewallContract({ name, make });
  }
}
