import { BlockList } from 'node:net';

import type { MachinePlan } from '../../machine/plan.ts';
import { optionList } from './option-list.ts';
import type { QemuMachine } from './qemu-machine.ts';

/** A network card on QEMU's own user-space stack, which plays gateway and name server. Without NAT it only plays those. */
export function networkArgs({ network }: MachinePlan, machine: QemuMachine): readonly string[] {
  const { mac, nat, guestAddress, gateway, dnsServers } = network;
  const [address = '', prefix = '24'] = guestAddress.split('/');
  const subnet = new BlockList();
  subnet.addSubnet(gateway, Number(prefix));
  const stack = {
    id: 'net0',
    ipv6: false,
    net: `${gateway}/${prefix}`,
    host: gateway,
    dns: dnsServers.find((server) => server !== gateway && subnet.check(server)),
    dhcpstart: address,
    restrict: !nat,
  };
  // No option ROM: the guest never boots from the network, and loading one costs time.
  const card = { netdev: 'net0', mac, ...(machine.bus === 'pci' && { romfile: '' }) };
  return [
    '-netdev',
    optionList('user', stack),
    '-device',
    optionList(`virtio-net-${machine.bus}`, card),
  ];
}
