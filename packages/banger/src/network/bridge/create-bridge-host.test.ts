import { bridgeHostContract } from '../../../../../test/contract/bridge-host.ts';
import { realBridgeScene } from '../../../../../test/support/bridge-scene.ts';
import { mayMakeNamespaces } from '../../../../../test/support/network-namespace.ts';
import { createNftFirewall } from './nft-firewall.ts';

if (mayMakeNamespaces) {
  bridgeHostContract({ name: 'with nftables', start: () => realBridgeScene(createNftFirewall) });
}
