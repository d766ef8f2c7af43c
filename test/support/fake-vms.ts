import { BangerError } from '@banger/protocol/errors';
import { newVmId } from '@banger/protocol/ids';
import { noLimits } from '@banger/protocol/limits';
import type { Vm, VmState } from '@banger/protocol/vm';
import type { CreateVmRequest, SetVmRequest } from '@banger/protocol/vm-requests';

const NOW = '2026-01-01T00:00:00.000Z';

export type FakeRequest = 'start' | 'stop' | 'restart' | 'kill' | 'pause' | 'resume' | 'suspend';
type StateName = VmState['name'];

const moves: Readonly<
  Record<
    FakeRequest,
    {
      readonly from: readonly StateName[];
      readonly to: 'running' | 'stopped' | 'paused' | 'suspended';
    }
  >
> = {
  start: { from: ['created', 'stopped', 'suspended', 'error', 'running'], to: 'running' },
  stop: { from: ['created', 'stopped', 'error', 'running', 'paused'], to: 'stopped' },
  restart: { from: ['created', 'stopped', 'error', 'running', 'paused'], to: 'running' },
  kill: { from: ['running', 'paused', 'suspended'], to: 'stopped' },
  pause: { from: ['running', 'paused'], to: 'paused' },
  resume: { from: ['running', 'paused'], to: 'running' },
  suspend: { from: ['running', 'paused', 'suspended'], to: 'suspended' },
};

/** The VMs of a fake daemon: it refuses what a real one refuses. */
export class FakeVms {
  readonly #vms = new Map<string, Vm>();
  #made = 0;

  list(all: boolean): Vm[] {
    const vms = [...this.#vms.values()];
    return all ? vms : vms.filter((vm) => isUp(vm));
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

  /** What a request makes of a VM, where its state allows it. */
  enter(reference: string, request: FakeRequest): Vm {
    const { from, to } = moves[request];
    const vm = this.find(reference);
    if (!from.includes(vm.state.name)) {
      const code = request === 'kill' ? 'vm.not_running' : 'vm.wrong_state';
      throw refusal(vm, code, `Cannot ${request}`);
    }
    return this.become(vm, to);
  }

  become(vm: Vm, name: 'running' | 'stopped' | 'paused' | 'suspended'): Vm {
    const isRunning = name === 'running';
    const startedAt = vm.startedAt ?? (isRunning ? NOW : null);
    const address = isRunning ? '127.77.0.1' : null;
    const next = {
      ...vm,
      state: { name },
      startedAt,
      address,
      uptimeMs: isRunning ? 61_000 : null,
    };
    this.#vms.set(vm.id, next);
    return next;
  }

  running(reference: string, why: string): Vm {
    const vm = this.find(reference);
    if (vm.state.name !== 'running') throw refusal(vm, 'vm.not_running', why);
    return vm;
  }

  /** Running, or standing still with its memory in place. */
  withMemory(reference: string, why: string): Vm {
    const vm = this.find(reference);
    if (!isUp(vm)) throw refusal(vm, 'vm.wrong_state', why);
    return vm;
  }

  set(reference: string, { vcpu, memoryMib, diskMib, nat }: SetVmRequest): Vm {
    const vm = this.find(reference);
    if (isUp(vm)) {
      throw new BangerError('vm.wrong_state', `Cannot change VM "${vm.name}": it runs`);
    }
    const change = JSON.parse(JSON.stringify({ vcpu, memoryMib, diskMib, nat })) as SetVmRequest;
    const changed = { ...vm, spec: { ...vm.spec, ...change } as Vm['spec'] };
    this.#vms.set(vm.id, changed);
    return changed;
  }

  setWorkspace(id: string, workspace: Vm['workspace']): void {
    this.#vms.set(id, { ...this.find(id), workspace });
  }

  delete(reference: string): void {
    this.#vms.delete(this.find(reference).id);
  }

  prune(): Vm[] {
    const resting = this.list(true).filter((vm) => !isUp(vm));
    for (const { id } of resting) this.delete(id);
    return resting;
  }
}

function isUp({ state }: Vm): boolean {
  return state.name === 'running' || state.name === 'paused';
}

function refusal(
  { name, state }: Vm,
  code: 'vm.not_running' | 'vm.wrong_state',
  why: string,
): BangerError {
  const verbs: Partial<Record<StateName, string>> = { paused: 'resume', running: 'stop' };
  return new BangerError(code, `${why} VM "${name}": it is ${state.name}`, {
    hint: `banger vm ${verbs[state.name] ?? 'start'} ${name}`,
  });
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
      network: 'user',
      isolated: true,
      nat: request.nat ?? true,
      publish: request.publish,
      ...noLimits,
    },
    provenance: { vcpu: request.vcpu === undefined ? 'host' : 'flag', image: 'built-in' },
    imageId: null,
    kernelId: null,
    ephemeral: request.ephemeral,
    address: request.start ? '127.77.0.1' : null,
    createdAt: NOW,
    startedAt: request.start ? NOW : null,
    uptimeMs: request.start ? 61_000 : null,
    workspace: null,
    warnings: [],
  };
}
