import { BlockList } from 'node:net';

import type { MachinePlan } from '../../machine/plan.ts';
import { optionList } from './option-list.ts';
import type { QemuMachine } from './qemu-machine.ts';

/** A network card, and what it is connected to. */
export function networkArgs({ network }: MachinePlan, machine: QemuMachine): readonly string[] {
  const { mac, bridge } = network;
  // No option ROM: the guest never boots from the network, and loading one costs time.
  const card = { netdev: 'net0', mac, ...(machine.bus === 'pci' && { romfile: '' }) };
  return [
    '-netdev',
    bridge === null ? userStack(network) : tapBackend(bridge),
    '-device',
    optionList(`virtio-net-${machine.bus}`, card),
  ];
}

/** A tap that is there, which the user of QEMU may open. Frames go through QEMU: with vhost they could not be saved everywhere. */
function tapBackend({ tap }: { readonly tap: string }): string {
  const none = { script: 'no', downscript: 'no', vhost: false };
  return optionList('tap', { id: 'net0', ifname: tap, ...none });
}

/** QEMU's own user-space stack, which plays gateway and name server. Without NAT it only plays those. */
function userStack(network: MachinePlan['network']): string {
  const { nat, guestAddress, gateway, dnsServers } = network;
  const [address = '', prefix = '24'] = guestAddress.split('/');
  const subnet = new BlockList();
  subnet.addSubnet(gateway, Number(prefix));
  return optionList('user', {
    id: 'net0',
    ipv6: false,
    net: `${gateway}/${prefix}`,
    host: gateway,
    dns: dnsServers.find((server) => server !== gateway && subnet.check(server)),
    dhcpstart: address,
    restrict: !nat,
  });
}
