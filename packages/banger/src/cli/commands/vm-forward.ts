import { BangerError } from '@banger/protocol/errors';
import type { VmDetails } from '@banger/sdk';

import { defineCommand } from '../command.ts';
import type { Operands } from '../operands.ts';
import { parsePorts } from '../port-texts.ts';

interface Wanted {
  readonly vm: string;
  readonly ports: readonly ReturnType<typeof parsePorts>[];
}

const vmAndPorts: Operands<Wanted> = {
  usage: '<vm> [host:]guest …',
  min: 2,
  max: Infinity,
  read: ([vm = '', ...texts]) => ({ vm, ports: texts.map((text) => parsePorts(text, 0)) }),
};

export const vmForwardCommand = defineCommand({
  name: 'vm forward',
  summary: 'Lead ports of this host into a VM, until interrupted',
  details: [
    'Listens on 127.0.0.1 unless an address stands before the ports ("0.0.0.0:8080:80"). Port 0 takes any that is free; what was taken is printed.',
    'Each connection is made when somebody connects, so the guest, its server and the daemon may be restarted meanwhile.',
  ],
  operands: vmAndPorts,
  flags: {},
  examples: ['banger vm forward web 8080', 'banger vm forward web 3000:80 0:5432'],
  calls: ['showVm'],
  async run({ operand: { vm: reference, ports } }, { connect, out, signal }) {
    const banger = await connect();
    const vm = await banger.vms.show(reference, { signal });
    if (!['running', 'paused'].includes(vm.state.name)) throw notRunning(vm);
    const failing = new Set<number>();
    await using forwarding = await banger.vms.forward(vm.id, ports, {
      onFailure({ message }, { guestPort }) {
        // Once is enough for who watches; a browser tries again and again.
        if (!failing.has(guestPort)) out.warn(message);
        failing.add(guestPort);
      },
    });
    const lines = forwarding.ports.map(
      ({ address, hostPort, guestPort }) =>
        `${address}:${String(hostPort)} → ${vm.name}:${String(guestPort)}`,
    );
    await out.result(lines, forwarding.ports);
    const interrupted = new Promise((resolve) =>
      signal.addEventListener('abort', resolve, { once: true }),
    );
    if (!signal.aborted) await interrupted;
    return 0;
  },
});

function notRunning({ name, state }: VmDetails): BangerError {
  return new BangerError(
    'vm.not_running',
    `Cannot forward ports of VM "${name}": it is ${state.name}`,
    {
      hint: `banger vm start ${name}`,
    },
  );
}
