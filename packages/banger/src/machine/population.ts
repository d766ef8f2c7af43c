import { BangerError } from '@banger/protocol/errors';
import { newVmId } from '@banger/protocol/ids';
import type { VmSpec } from '@banger/protocol/vm';

import type { MachineDeps } from './machine-deps.ts';
import { freeAddressIndex } from './addresses.ts';
import type { PlanParts } from './make-plan.ts';
import { backgroundOperation, type Operation } from './operation.ts';
import type { VmRecord } from './record.ts';
import { resolveReference } from './resolve-reference.ts';
import { Supervisor } from './supervisor.ts';

/** Of machines that no user has asked for */
export type HiddenPurpose = Exclude<VmRecord['purpose'], 'user'>;

/** What is said of a VM when its record is first stored; the rest is as nothing had happened yet. */
export type NewVm = Pick<VmRecord, 'name' | 'spec'> &
  Partial<Pick<VmRecord, 'provenance' | 'ephemeral' | 'purpose' | 'warm' | 'workspace'>>;

export interface PopulationOptions {
  readonly makeUpName: () => string;
  readonly dirs: PlanParts['dirs'];
}

/** The supervisors of all VMs, one each, and what VMs share: names and addresses. */
export class Population {
  readonly #deps: MachineDeps;
  readonly #makeUpName: () => string;
  readonly #vmsDir: string;
  readonly #supervisors = new Map<string, Supervisor>();

  constructor(deps: MachineDeps, { makeUpName, dirs }: PopulationOptions) {
    this.#deps = deps;
    this.#makeUpName = makeUpName;
    this.#vmsDir = dirs.vms;
  }

  /** Users' ones; nobody is shown the others */
  users(): readonly Supervisor[] {
    return this.everyone().filter(({ record }) => record.purpose === 'user');
  }

  everyone(): readonly Supervisor[] {
    return [...this.#supervisors.values()];
  }

  get(id: string): Supervisor | undefined {
    return this.#supervisors.get(id);
  }

  find(reference: string): Supervisor {
    const candidates = this.users().map((vm) => ({ id: vm.id, name: vm.record.name, vm }));
    return resolveReference(reference, candidates).vm;
  }

  /** Takes charge of what an earlier daemon has recorded. */
  supervise(record: VmRecord): Supervisor {
    const vm = new Supervisor(record, this.#deps);
    this.#supervisors.set(record.id, vm);
    return vm;
  }

  /** Stores a new VM, unsettled: the next daemon removes it unless it is settled by then. */
  insert(vm: NewVm): Supervisor {
    const record = this.#deps.records.insert({
      provenance: {},
      ephemeral: false,
      purpose: 'user',
      warm: true,
      workspace: null,
      ...vm,
      id: newVmId(),
      state: { name: 'created' },
      settled: false,
      plan: null,
      imageId: null,
      kernelId: null,
      createdAt: this.#deps.clock.now().toISOString(),
      startedAt: null,
      bootId: null,
      vmm: null,
      timings: [],
      startedFrom: null,
      hygiene: [],
      snapshots: [],
      warnings: [],
    });
    return this.supervise(record);
  }

  insertHidden(purpose: HiddenPurpose, spec: VmSpec): Supervisor {
    return this.insert({ purpose, spec, name: spec.name });
  }

  /** Resolves when nothing of it is left. */
  async delete(vm: Supervisor, operation: Operation = backgroundOperation()): Promise<void> {
    await vm.delete(operation);
    this.forgetDeleted(vm);
  }

  forgetDeleted(vm: Supervisor): void {
    if (this.#deps.records.get(vm.id) === undefined) this.#supervisors.delete(vm.id);
  }

  /** Of an address that no VM has. */
  addressIndex(): number {
    const taken = this.everyone().flatMap(({ record: { plan } }) =>
      plan === null ? [] : [plan.network],
    );
    const index = freeAddressIndex(taken, this.#vmsDir);
    if (index !== undefined) return index;
    throw new BangerError('host.resources', 'Cannot make another VM: every address is taken', {
      hint: 'banger vm prune',
    });
  }

  freeName(): string {
    const taken = new Set(this.everyone().map(({ record }) => record.name));
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const name = this.#makeUpName();
      if (!taken.has(name)) return name;
    }
    return newVmId().replace('_', '-');
  }
}
