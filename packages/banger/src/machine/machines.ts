import { newVmId } from '@banger/protocol/ids';
import type { CreateVmRequest } from '@banger/protocol/vm-requests';

import { createVm, type CreateDeps } from './create-vm.ts';
import { backgroundOperation, type Operation } from './operation.ts';
import type { VmRecord } from './record.ts';
import { reconcile } from './reconcile.ts';
import { resolveReference } from './resolve-reference.ts';
import { resolveSpec, type HostSize, type SpecContext } from './spec.ts';
import { Supervisor } from './supervisor.ts';

export interface MachinesDeps extends CreateDeps {
  readonly hostSize: () => Promise<HostSize>;
  readonly specContext: () => Promise<Omit<SpecContext, 'host' | 'madeUpName'>>;
  readonly makeUpName: () => string;
}

/** All VMs of one daemon: a supervisor each. */
export class Machines {
  readonly #deps: MachinesDeps;
  readonly #supervisors = new Map<string, Supervisor>();

  constructor(deps: MachinesDeps) {
    this.#deps = deps;
  }

  /** Takes over what earlier daemons left. One VM that cannot be taken over does not hold up the others. */
  async open(): Promise<readonly unknown[]> {
    for (const record of this.#deps.records.all()) this.#supervise(record);
    const results = await Promise.allSettled(
      this.all().map(async (vm) => {
        await reconcile(vm, this.#deps);
        this.#forgetDeleted(vm);
      }),
    );
    return results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
  }

  all(): readonly Supervisor[] {
    return [...this.#supervisors.values()];
  }

  find(reference: string): Supervisor {
    const found = resolveReference(
      reference,
      this.all().map((vm) => ({ id: vm.id, name: vm.record.name, vm })),
    );
    return found.vm;
  }

  async create(request: CreateVmRequest, operation: Operation): Promise<Supervisor> {
    const [host, choices] = await Promise.all([this.#deps.hostSize(), this.#deps.specContext()]);
    const context = { ...choices, host, madeUpName: this.#freeName() };
    const { spec, provenance } = resolveSpec(request, context);
    const record = this.#deps.records.insert({
      id: newVmId(),
      name: spec.name,
      state: { name: 'created' },
      settled: false,
      ephemeral: request.ephemeral,
      spec,
      provenance,
      plan: null,
      imageId: null,
      kernelId: null,
      createdAt: this.#deps.clock.now().toISOString(),
      startedAt: null,
      bootId: null,
      vmm: null,
      timings: [],
      warnings: [],
    });
    operation.progress.spec?.(spec, provenance);
    const vm = this.#supervise(record);
    this.#deps.emit(
      { type: 'vm.state', vm: vm.id, name: spec.name, state: record.state },
      operation.id,
    );
    try {
      await createVm(vm, this.#deps, { operation, start: request.start });
      return vm;
    } finally {
      this.#forgetDeleted(vm);
    }
  }

  async delete(vm: Supervisor, operation: Operation): Promise<void> {
    await vm.delete(operation);
    this.#forgetDeleted(vm);
  }

  /** The client that an ephemeral VM belonged to is gone; one that was kept for its logs, or is gone, stays so. */
  async endLease(id: string): Promise<void> {
    const vm = this.#supervisors.get(id);
    if (vm?.record.ephemeral === true) await this.delete(vm, backgroundOperation());
  }

  /** Deletes what does not run. Returns the records of what it deleted. */
  async prune(operation: Operation): Promise<readonly VmRecord[]> {
    const idle = this.all().filter(({ record: { state, settled } }) => {
      return settled && ['created', 'stopped', 'error'].includes(state.name);
    });
    return Promise.all(
      idle.map(async (vm) => {
        const { record } = vm;
        await this.delete(vm, operation);
        return record;
      }),
    );
  }

  /** Ends with the daemon: what belongs to a client goes, the others run on and are adopted by the next daemon. */
  async close(): Promise<void> {
    const ephemeral = this.all().filter(({ record }) => record.ephemeral);
    await Promise.allSettled(ephemeral.map((vm) => this.delete(vm, backgroundOperation())));
    await this.#deps.running.release();
  }

  #supervise(record: VmRecord): Supervisor {
    const vm = new Supervisor(record, this.#deps);
    this.#supervisors.set(record.id, vm);
    return vm;
  }

  #forgetDeleted(vm: Supervisor): void {
    if (this.#deps.records.get(vm.id) === undefined) this.#supervisors.delete(vm.id);
  }

  #freeName(): string {
    const taken = new Set(this.all().map(({ record }) => record.name));
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const name = this.#deps.makeUpName();
      if (!taken.has(name)) return name;
    }
    return newVmId().replace('_', '-');
  }
}
