import { BangerError } from '@banger/protocol/errors';
import { newVmId } from '@banger/protocol/ids';
import type { Vm, VmDetails, VmState } from '@banger/protocol/vm';
import type { CreateVmRequest, SetVmRequest } from '@banger/protocol/vm-requests';

const NOW = '2026-01-01T00:00:00.000Z';

/** The VMs of a fake daemon: it refuses what a real one refuses. */
export class FakeVms {
  readonly #vms = new Map<string, Vm>();
  #made = 0;

  list(all: boolean): Vm[] {
    const vms = [...this.#vms.values()];
    return all ? vms : vms.filter(({ state }) => state.name === 'running');
  }

  create(request: CreateVmRequest): Vm {
    this.#made += 1;
    const name = request.name ?? `calm-otter-${String(this.#made)}`;
    if (this.list(true).some((vm) => vm.name === name)) {
      throw new BangerError('vm.name_taken', `Cannot create VM "${name}": the name is taken`, {
        hint: `banger vm delete ${name}`,
      });
    }
    const vm = aVm({ request, name });
    this.#vms.set(vm.id, vm);
    return vm;
  }

  find(reference: string): Vm {
    const vms = this.list(true);
    const exact = vms.find(({ id, name }) => id === reference || name === reference);
    if (exact !== undefined) return exact;
    const [first, second] = vms.filter(({ id }) => id.startsWith(reference));
    if (second !== undefined) {
      throw new BangerError('vm.ambiguous', `Cannot find VM "${reference}": several ids begin so`);
    }
    if (first !== undefined) return first;
    throw new BangerError('vm.not_found', `Cannot find VM "${reference}": there is none`, {
      hint: 'banger vm list -a',
    });
  }

  enter(reference: string, name: 'running' | 'stopped'): Vm {
    const vm = { ...this.find(reference), state: { name } as VmState };
    this.#vms.set(vm.id, vm);
    return vm;
  }

  set(reference: string, { vcpu, memoryMib, diskMib, nat }: SetVmRequest): Vm {
    const vm = this.find(reference);
    if (vm.state.name === 'running') {
      throw new BangerError('vm.wrong_state', `Cannot change VM "${vm.name}": it runs`);
    }
    const change = JSON.parse(JSON.stringify({ vcpu, memoryMib, diskMib, nat })) as SetVmRequest;
    const changed = { ...vm, spec: { ...vm.spec, ...change } as Vm['spec'] };
    this.#vms.set(vm.id, changed);
    return changed;
  }

  delete(reference: string): void {
    this.#vms.delete(this.find(reference).id);
  }

  prune(): Vm[] {
    const resting = this.list(true).filter(({ state }) => state.name !== 'running');
    for (const { id } of resting) this.delete(id);
    return resting;
  }
}

export function detailsOf(vm: Vm): VmDetails {
  return {
    ...vm,
    disks: [
      {
        role: 'work',
        path: '/x/work.raw',
        readOnly: false,
        apparentBytes: 8e9,
        allocatedBytes: 4096,
      },
    ],
    network: { mode: 'user', address: '127.77.0.1', mac: '52:54:00:00:00:01', nat: true },
    vmm: { name: 'fake', version: '1', machine: 'none', pid: 42, command: ['fake', '--vm'] },
    bootId: 'b',
    timings: [{ name: 'launch', ms: 12 }],
    directory: '/x',
  };
}

function aVm({ request, name }: { readonly request: CreateVmRequest; readonly name: string }): Vm {
  return {
    id: newVmId(),
    name,
    state: { name: request.start ? 'running' : 'created' },
    spec: {
      name,
      image: request.image ?? 'debian-bookworm',
      kernel: request.kernel ?? 'debian-6.1',
      vcpu: request.vcpu ?? 2,
      memoryMib: request.memoryMib ?? 2048,
      diskMib: request.diskMib ?? 8192,
      overlayMib: 8192,
      vmm: 'fake',
      accel: 'tcg',
      accelAuto: true,
      nat: request.nat ?? true,
    },
    provenance: { vcpu: request.vcpu === undefined ? 'host' : 'flag', image: 'built-in' },
    imageId: null,
    kernelId: null,
    ephemeral: request.ephemeral,
    address: request.start ? '127.77.0.1' : null,
    createdAt: NOW,
    startedAt: request.start ? NOW : null,
    uptimeMs: request.start ? 61_000 : null,
    warnings: [],
  };
}
