import { newVmId } from '@banger/protocol/ids';
import type { VmSpec } from '@banger/protocol/vm';

import type { MachineDeps } from './machine-deps.ts';
import {
  freeBridgeIndexes,
  portAhead,
  type BridgeNetwork,
  type PortAhead,
} from './bridge-addresses.ts';
import type { PlanParts } from './make-plan.ts';
import { freePlace, type NetworkPlace, type PlaceParts } from './network-place.ts';
import { backgroundOperation, type Operation } from './operation.ts';
import type { PlanNetwork } from './plan.ts';
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
  readonly bridge: BridgeNetwork;
}

/** The supervisors of all VMs, one each, and what VMs share: names and addresses. */
export class Population {
  readonly #deps: MachineDeps;
  readonly #makeUpName: () => string;
  readonly #places: PlaceParts;
  readonly #supervisors = new Map<string, Supervisor>();

  constructor(deps: MachineDeps, { makeUpName, dirs, bridge }: PopulationOptions) {
    this.#deps = deps;
    this.#makeUpName = makeUpName;
    this.#places = { vmsDir: dirs.vms, bridge };
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
    this.forgetDeleted(vm, operation);
  }

  /** Told of when it is found no more: whoever hears of it and looks finds its name, its address and its tap free. */
  forgetDeleted(vm: Supervisor, operation: Operation): void {
    const { id, name, purpose } = vm.record;
    if (this.#deps.records.get(id) !== undefined || !this.#supervisors.delete(id)) return;
    if (purpose === 'user') this.#deps.emit({ type: 'vm.deleted', vm: id, name }, operation.id);
  }

  /** One that no VM has */
  freePlace(spec: VmSpec): NetworkPlace {
    return freePlace(spec, this.#taken(), this.#places);
  }

  /** Of the VMs that will come to the bridge next, as far as there is room for them. */
  nextPorts(count: number): readonly PortAhead[] {
    const { bridge } = this.#places;
    return freeBridgeIndexes(this.#taken(), bridge, count).map((index) => portAhead(bridge, index));
  }

  #taken(): readonly PlanNetwork[] {
    return this.everyone().flatMap(({ record: { plan } }) => plan?.network ?? []);
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
