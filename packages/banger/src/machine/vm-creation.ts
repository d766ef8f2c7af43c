import { publishedPlace, type PublishedPort } from '@banger/protocol/port';
import type { CreateVmRequest } from '@banger/protocol/vm-requests';

import type { Templates } from '../template/templates.ts';
import { createVm, type CreateDeps } from './create-vm.ts';
import { isAlive } from './decide.ts';
import type { Operation } from './operation.ts';
import type { NewVm, Population } from './population.ts';
import { resolveSpec, type HostSize, type ResolvedSpec, type SpecContext } from './spec.ts';
import type { Supervisor } from './supervisor.ts';
import type { Standbys } from './warm/standbys.ts';
import { takeStandby } from './warm/take-standby.ts';
import type { TemplateKeeper } from './warm/template-keeper.ts';
import { Waterfall } from './waterfall.ts';

export interface SpecSources {
  readonly hostSize: () => Promise<HostSize>;
  readonly specContext: (
    request: Pick<CreateVmRequest, 'vmm'>,
  ) => Promise<Omit<SpecContext, 'host' | 'madeUpName'>>;
  /** Rejects when a VM cannot be published like that; `publishing` are the names of VMs by `address:port` */
  readonly checkPorts: (
    publish: readonly PublishedPort[],
    publishing: ReadonlyMap<string, string>,
  ) => Promise<void>;
}

export interface VmCreationParts {
  readonly deps: CreateDeps & SpecSources & { readonly templates: Pick<Templates, 'touch'> };
  readonly population: Population;
  readonly keeper: TemplateKeeper;
  readonly standbys: Standbys;
}

/** From what somebody asks for to a VM: a standby that is ready, or one that is made. */
export class VmCreation {
  readonly #parts: VmCreationParts;

  constructor(parts: VmCreationParts) {
    this.#parts = parts;
  }

  async create(request: CreateVmRequest, operation: Operation): Promise<Supervisor> {
    const { deps, population } = this.#parts;
    const waterfall = new Waterfall(deps.clock);
    const wanted = await this.#wanted(request);
    const timed = { ...operation, waterfall };
    operation.progress.spec?.(wanted.spec, wanted.provenance);
    const { start, template: warm } = request;
    if (start) await deps.checkPorts(wanted.spec.publish, this.#publishing());
    const prepared =
      start && warm ? await takeStandby(this.#parts, { vm: wanted, operation: timed }) : undefined;
    const vm = prepared ?? population.insert(wanted);
    if (prepared === undefined) await this.#createAnew(vm, { operation: timed, start });
    await this.#noteUse(vm);
    return vm;
  }

  async #wanted(request: CreateVmRequest): Promise<NewVm & ResolvedSpec> {
    const { deps, population } = this.#parts;
    const [host, choices] = await Promise.all([deps.hostSize(), deps.specContext(request)]);
    const imageKernel = await this.#kernelOf(request, choices.config.default_image);
    const madeUpName = population.freeName();
    const context = { ...choices, host, imageKernel, madeUpName };
    const { spec, provenance } = resolveSpec(request, context);
    const { ephemeral, template: warm } = request;
    return { name: spec.name, spec, provenance, ephemeral, warm };
  }

  /** What is wrong with the image is found out, and told, when the VM is made. */
  async #kernelOf(
    { image, kernel }: CreateVmRequest,
    byDefault: string,
  ): Promise<string | undefined> {
    if (kernel !== undefined) return undefined;
    const { images } = this.#parts.deps;
    const found = await images.find(image ?? byDefault).catch(() => undefined);
    return found?.kernel ?? undefined;
  }

  async #createAnew(
    vm: Supervisor,
    how: { readonly operation: Operation; readonly start: boolean },
  ): Promise<void> {
    const { deps, population } = this.#parts;
    const { id, name, state } = vm.record;
    deps.emit({ type: 'vm.state', vm: id, name, state }, how.operation.id);
    try {
      await createVm(vm, deps, how);
    } finally {
      population.forgetDeleted(vm, how.operation);
    }
  }

  /** Who is published where, of those that run or are about to */
  #publishing(): ReadonlyMap<string, string> {
    const vms = this.#parts.population.users();
    const alive = vms.filter(({ record }) => !record.settled || isAlive(record.state));
    const places = alive.flatMap(({ record: { name, spec } }) =>
      spec.publish.map((at): [string, string] => [publishedPlace(at), name]),
    );
    return new Map(places);
  }

  async #noteUse({ record: { plan, startedFrom } }: Supervisor): Promise<void> {
    const { deps, standbys } = this.#parts;
    const isFork = startedFrom?.kind === 't1' || startedFrom?.kind === 'standby';
    if (plan === null || !isFork || startedFrom.template === null) return;
    if (startedFrom.kind === 'standby') await deps.templates.touch(startedFrom.template);
    standbys.used(startedFrom.template, plan);
  }
}
