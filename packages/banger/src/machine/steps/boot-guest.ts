import assert from 'node:assert/strict';

import type { GuestBoot } from '../../guest/guest.ts';
import { driveSerials, type MachinePlan } from '../plan.ts';
import type { Step } from '../run-steps.ts';
import type { RunningVms } from '../running-vms.ts';

/** Lets the agent assemble the root file system and hand over to the init. The guest's end undoes it. */
export function bootGuest(running: RunningVms): Step {
  return {
    name: 'boot-guest',
    text: 'Assembling the root file system',
    async run(plan, signal) {
      const live = running.get(plan.id);
      assert(live?.guest, 'greet-guest comes before boot-guest');
      live.booted = await live.guest.boot(bootRequest(plan), signal);
    },
    undo: () => Promise.resolve(),
  };
}

/** What the agent is told of this VM. */
export function bootRequest({ spec, network, init }: MachinePlan): GuestBoot {
  return {
    hostname: spec.name,
    dnsServers: network.dnsServers,
    network: { mac: network.mac, address: network.guestAddress, gateway: network.gateway },
    init,
    drives: driveSerials,
    hosts: [],
  };
}
