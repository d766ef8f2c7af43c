import { BangerError } from '@banger/protocol/errors';

import type { Machines } from '../machine/machines.ts';
import type { Supervisor } from '../machine/supervisor.ts';
import type { GuestScheme } from '../guest/guest-listeners.ts';
import { listPorts } from '../network/list-ports.ts';
import type { Publishers } from '../network/publishers.ts';
import { isReached } from '../network/wanted-ports.ts';
import type { VmPublisher } from '../network/vm-publisher.ts';
import type { Handlers } from './handler-table.ts';

export interface PortHandlerDeps {
  readonly machines: Machines;
  readonly publishers: Publishers;
  /** Whether programs of this host find VMs by name */
  readonly hasNames: () => Promise<boolean>;
}

export function portHandlers(deps: PortHandlerDeps): Pick<Handlers, 'vmPorts'> {
  const { machines, publishers, hasNames } = deps;
  return {
    async vmPorts({ vm: reference }, { signal }) {
      const vm = machines.find(reference);
      const publisher = publishers.of(vm.id);
      const { name, plan, spec } = vm.record;
      if (publisher === undefined || plan === null) throw notRunning(vm);
      const [named] = await Promise.all([hasNames(), publisher.look(signal)]);
      return listPorts({
        name,
        hostAddress: plan.network.hostAddress,
        isReached: isReached(plan.network),
        publish: spec.publish,
        listening: publisher.listening,
        ports: publisher.ports,
        schemeOf: (port) => schemeOf(publisher, port),
        hasNames: named,
      });
    },
  };
}

function schemeOf({ listening, schemes }: VmPublisher, port: number): GuestScheme | undefined {
  const found = listening
    .filter((one) => one.protocol === 'tcp' && one.port === port)
    .map((one) => schemes.of(one));
  return found.find((scheme) => scheme === 'http' || scheme === 'https') ?? found[0];
}

function notRunning({ record: { name, state } }: Supervisor): BangerError {
  return new BangerError(
    'vm.not_running',
    `Cannot list the ports of VM "${name}": it is ${state.name}`,
    {
      hint: `banger vm start ${name}`,
    },
  );
}
