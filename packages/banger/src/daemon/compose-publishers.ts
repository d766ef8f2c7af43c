import type { EventBody } from '@banger/protocol/events';
import type { VmId } from '@banger/protocol/ids';

import type { Machines } from '../machine/machines.ts';
import { backgroundOperation } from '../machine/operation.ts';
import { Publishers } from '../network/publishers.ts';
import type { PublishedVm } from '../network/vm-publisher.ts';
import type { Adapters } from './compose-adapters.ts';

export interface PublisherParts {
  readonly adapters: Pick<Adapters, 'listeners' | 'clock'>;
  readonly machines: Machines;
  readonly emit: (body: EventBody, operation: string) => void;
}

/** Publishes the ports of all VMs that run, those of an earlier daemon first; `followVm` keeps it so. */
export function composePublishers({ adapters, machines, emit }: PublisherParts): Publishers {
  const find = (id: VmId) => machines.all().find((vm) => vm.id === id);
  const publishers = new Publishers({
    ...adapters,
    vmOf: (id) => publishedVm(find(id)),
    onProblem(id, { message }) {
      const vm = find(id);
      if (vm === undefined) return;
      const { name } = vm.record;
      emit({ type: 'vm.warning', vm: id, name, message }, backgroundOperation().id);
    },
  });
  for (const { id, record } of machines.all()) publishers.follow(id, record.state.name);
  return publishers;
}

export function followVm(publishers: Publishers | undefined, body: EventBody): void {
  if (body.type === 'vm.state') publishers?.follow(body.vm, body.state.name);
  if (body.type === 'vm.deleted') publishers?.follow(body.vm, 'deleted');
}

function publishedVm(vm: ReturnType<Machines['all']>[number] | undefined): PublishedVm | undefined {
  const plan = vm?.record.plan;
  if (vm === undefined || plan === undefined || plan === null) return undefined;
  const { hostAddress, guestAddress } = plan.network;
  const { publish } = vm.record.spec;
  return { hostAddress, guestAddress, publish, guest: (signal) => vm.guest(signal) };
}
