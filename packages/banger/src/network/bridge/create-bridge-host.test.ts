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
  for (const [name, make] of [
    ['nftables', nftables],
    ['iptables', createIptablesFirewall],
  ] as const) {
    bridgeHostContract({ name: `with ${name}`, start: () => realBridgeScene(make) });
    firewallContract({ name, make });
  }
}
