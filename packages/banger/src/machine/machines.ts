import type { TemplateId } from '@banger/protocol/ids';
import type { CreateVmRequest } from '@banger/protocol/vm-requests';

import type { SharedWork } from '../artifact/shared-work.ts';
import type { MemoryPressure } from '../host/pressure.ts';
import type { StoredTemplate, Templates } from '../template/templates.ts';
import type { BridgeNetwork, PortAhead } from './bridge-addresses.ts';
import { VmBuildMachines } from './build/build-machines.ts';
import type { CreateDeps } from './create-vm.ts';
import { isAlive } from './decide.ts';
import type { StepDeps } from './machine-deps.ts';
import type { PlanParts } from './make-plan.ts';
import { anyPlace, type Places } from './network-place.ts';
import { backgroundOperation, type Operation } from './operation.ts';
import { Population } from './population.ts';
import { pinAll } from './pin-all.ts';
import type { VmRecord } from './record.ts';
import { reconcile } from './reconcile.ts';
import { SavedVerbs } from './saved/saved-verbs.ts';
import type { Supervisor } from './supervisor.ts';
import { Standbys } from './warm/standbys.ts';
import { TemplateKeeper } from './warm/template-keeper.ts';
import type { TemplateDiskSizes } from './warm/template-shape.ts';
import { TemplateVerbs } from './warm/template-verbs.ts';
import { alwaysCold } from './warm/warm-starts.ts';
import { VmCreation, type SpecSources } from './vm-creation.ts';

export interface MachinesDeps extends StepDeps, SpecSources {
  readonly dirs: PlanParts['dirs'];
  readonly bridge: BridgeNetwork;
  readonly makeUpName: () => string;
  readonly templates: Templates;
  readonly sharedWork: SharedWork<StoredTemplate>;
  readonly pressure: MemoryPressure;
  readonly warmth: {
    readonly isEnabled: boolean;
    readonly maxBytes: number;
    readonly standbysPerShape: number;
    readonly sizes: TemplateDiskSizes;
  };
}

/** All VMs of one daemon. */
export class Machines {
  readonly saved: SavedVerbs;
  readonly templates: TemplateVerbs;
  /** For the steps of images' builds */
  readonly builds: VmBuildMachines;
  readonly #deps: MachinesDeps & CreateDeps;
  readonly #population: Population;
  readonly #creation: VmCreation;
  readonly #standbys: Standbys;

  constructor(parts: MachinesDeps) {
    const { warmth, templates } = parts;
    const places: Places = {
      free: (spec) => this.#population.freePlace(spec),
      any: (spec) => anyPlace(spec, { vmsDir: parts.dirs.vms, bridge: parts.bridge }),
    };
    const keeper = new TemplateKeeper({
      ...parts,
      ...warmth,
      inUse: () => this.#templatesInUse(),
      hidden: {
        places,
        insert: (purpose, spec) => this.#population.insertHidden(purpose, spec),
        delete: (vm) => this.#population.delete(vm),
      },
    });
    const warm = warmth.isEnabled ? keeper : alwaysCold;
    this.#deps = { ...parts, warm, places };
    const population = new Population(this.#deps, parts);
    this.#population = population;
    const perShape = warmth.isEnabled ? warmth.standbysPerShape : 0;
    const standbys = new Standbys({ ...this.#deps, population, keeper, perShape });
    this.#standbys = standbys;
    this.#creation = new VmCreation({ deps: this.#deps, population, keeper, standbys });
    this.saved = new SavedVerbs({ ...this.#deps, population });
    this.templates = new TemplateVerbs({ templates, population, standbys });
    this.builds = new VmBuildMachines({ ...parts, ...this.#deps, population });
  }

  /** Takes over what earlier daemons left. One VM that cannot be taken over does not hold up the others. */
  async open(): Promise<readonly unknown[]> {
    const records = this.#deps.records.all();
    for (const record of records) this.#population.supervise(record);
    await pinAll(this.#deps, records);
    const results = await Promise.allSettled(
      this.#population.everyone().map(async (vm) => {
        const operation = backgroundOperation();
        await reconcile(vm, this.#deps, operation);
        this.#population.forgetDeleted(vm, operation);
      }),
    );
    return results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
  }

  all(): readonly Supervisor[] {
    return this.#population.users();
  }

  /** Those that no user has asked for, too */
  everyone(): readonly Supervisor[] {
    return this.#population.everyone();
  }

  /** Of the VMs that will come to the bridge next, as far as there is room for them */
  nextPorts(count: number): readonly PortAhead[] {
    return this.#population.nextPorts(count);
  }

  /** How many of them have a monitor now */
  runningCount(): number {
    return this.all().filter(({ id }) => this.#deps.running.get(id) !== undefined).length;
  }

  /** On the host's loopback; of every VM that has one, running or not, since it stays the same. */
  addressOf(name: string): string | undefined {
    return this.all().find(({ record }) => record.name === name)?.record.plan?.network.hostAddress;
  }

  find(reference: string): Supervisor {
    return this.#population.find(reference);
  }

  create(request: CreateVmRequest, operation: Operation): Promise<Supervisor> {
    return this.#creation.create(request, operation);
  }

  delete(vm: Supervisor, operation: Operation): Promise<void> {
    return this.#population.delete(vm, operation);
  }

  /** The client that an ephemeral VM belonged to is gone; one that was kept for its logs, or is gone, stays so. */
  async endLease(id: string): Promise<void> {
    const vm = this.#population.get(id);
    if (vm?.record.ephemeral === true) await this.delete(vm, backgroundOperation());
  }

  /** Deletes what does not run. Returns the records of what it deleted. */
  async prune(operation: Operation): Promise<readonly VmRecord[]> {
    const idle = this.all().filter(({ record: { state, settled } }) => {
      return settled && ['created', 'stopped', 'suspended', 'error'].includes(state.name);
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
    await Promise.all([this.builds[Symbol.asyncDispose](), this.#standbys[Symbol.asyncDispose]()]);
    const ephemeral = this.all().filter(({ record }) => record.ephemeral);
    await Promise.allSettled(ephemeral.map((vm) => this.delete(vm, backgroundOperation())));
    await this.#deps.running.release();
  }

  #templatesInUse(): ReadonlySet<TemplateId> {
    const alive = this.#population.everyone().filter(({ record }) => isAlive(record.state));
    return new Set(alive.flatMap(({ record }) => record.plan?.start.template ?? []));
  }
}
