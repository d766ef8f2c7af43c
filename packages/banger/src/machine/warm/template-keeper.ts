import { BangerError, toBangerError } from '@banger/protocol/errors';
import type { TemplateId } from '@banger/protocol/ids';

import type { SharedWork } from '../../artifact/shared-work.ts';
import type { StoredTemplate, TemplateShape } from '../../template/templates.ts';
import type { MachinePlan } from '../plan.ts';
import { type MakeDeps, makeTemplate } from './make-template.ts';
import { forkOf } from './template-start.ts';
import { templateShape, type TemplateDiskSizes } from './template-shape.ts';
import type { WarmRequest, WarmStarts } from './warm-starts.ts';

export interface KeeperDeps extends MakeDeps {
  /** Callers of one template share its making */
  readonly sharedWork: SharedWork<StoredTemplate>;
  readonly sizes: TemplateDiskSizes;
  /** All templates together; the least recently used go first */
  readonly maxBytes: number;
  /** Templates that a machine maps the memory of */
  readonly inUse: () => ReadonlySet<TemplateId>;
}

/** A failure that says nothing about the template. */
const NOT_ITS_FAULT: ReadonlySet<string> = new Set([
  'host.disk_full',
  'host.tool_missing',
  'host.path_unusable',
  'operation.cancelled',
  'daemon.stopping',
  'vm.busy',
]);

/** Finds, makes, distrusts and evicts templates. A template is only a cache: nobody's start fails because of one. */
export class TemplateKeeper implements WarmStarts {
  readonly #deps: KeeperDeps;
  readonly #leases = new Map<TemplateId, number>();

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
  }

  async from<T>(
    depth: 't0' | 't1',
    request: WarmRequest,
    attempt: (plan: MachinePlan) => Promise<T>,
  ): Promise<T> {
    const { plan, operation } = request;
    for (const isLast of [false, true]) {
      const template = await this.#obtain(depth, request);
      if (template === undefined) break;
      using _ = this.#lease(template.id);
      try {
        const result = await attempt(forkOf(plan, template));
        await this.#deps.templates.touch(template.id);
        return result;
      } catch (error) {
        if (operation.signal.aborted || NOT_ITS_FAULT.has(toBangerError(error).code)) throw error;
        await this.#deps.templates.remove(template.id);
        const next = isLast ? 'so it boots cold' : 'so it is made anew';
        operation.progress.warn(
          `Template ${template.id} is of no use, ${next}: ${reasonOf(error)}`,
        );
      }
    }
    return attempt(plan);
  }

  /** Id of the template of this depth that the plan would be started from. */
  async idFor(depth: 't0' | 't1', plan: MachinePlan, signal: AbortSignal): Promise<TemplateId> {
    return this.#deps.templates.idOf(await this.#shape(depth, plan, signal));
  }

  /** A template that is there and whole, for as long as the answer is not disposed. */
  async find(
    id: TemplateId,
    signal: AbortSignal,
  ): Promise<(Disposable & { readonly template: StoredTemplate }) | undefined> {
    const found = await this.#deps.templates.find(id, signal);
    if (found.kind !== 'whole') return undefined;
    return { template: found.template, ...this.#lease(id) };
  }

  /** Mapped by a machine, or about to be. */
  isInUse(id: TemplateId): boolean {
    return this.#leases.has(id) || this.#deps.inUse().has(id);
  }

  /** undefined, with a warning, when it cannot be had */
  async #obtain(depth: 't0' | 't1', request: WarmRequest): Promise<StoredTemplate | undefined> {
    const { plan, operation } = request;
    const { signal, progress } = operation;
    if (!this.#deps.driverOf(plan).features.savedStates) return undefined;
    if (depth === 't0' && !(await this.#canWaitForDisks(plan))) return undefined;
    try {
      const shape = await this.#shape(depth, plan, signal);
      const id = this.#deps.templates.idOf(shape);
      const found = await this.#deps.templates.find(id, signal);
      if (found.kind === 'whole') return found.template;
      if (found.kind === 'damaged') progress.warn(`Template ${id} is made anew: ${found.why}`);
      return await this.#deps.sharedWork.join(id, { signal, progress }, (options) =>
        // Its times are not those of the VM that waits for it.
        this.#make(id, shape, { plan, operation: { id: operation.id, ...options } }),
      );
    } catch (error) {
      if (signal.aborted) throw error;
      progress.warn(`No template could be made, so this start is a cold one: ${reasonOf(error)}`);
      return undefined;
    }
  }

  async #make(
    id: TemplateId,
    shape: TemplateShape,
    { plan, operation }: WarmRequest,
  ): Promise<StoredTemplate> {
    const make = (from: MachinePlan, t0?: StoredTemplate) =>
      makeTemplate(this.#deps, { id, shape, plan: from, t0 }, operation);
    const made =
      shape.depth === 't0'
        ? await make(plan)
        : await this.from('t0', { plan, operation }, async ({ start }) => {
            const t0 = start.template && (await this.find(start.template, operation.signal));
            using _ = t0 ?? undefined;
            return await make(plan, t0?.template);
          });
    await this.#makeRoom(id);
    return made;
  }

  async #makeRoom(newest: TemplateId): Promise<void> {
    const { templates, maxBytes, inUse } = this.#deps;
    await templates.makeRoom(maxBytes, new Set([...inUse(), ...this.#leases.keys(), newest]));
  }

  async #shape(depth: 't0' | 't1', plan: MachinePlan, signal: AbortSignal): Promise<TemplateShape> {
    const fingerprint = await this.#deps.driverOf(plan).fingerprint(plan, signal);
    return templateShape(depth, { plan, fingerprint, sizes: this.#deps.sizes });
  }

  /** The driver of the disks must come after the agent, or the guest has looked at them before it is told which they are. */
  async #canWaitForDisks({ kernelId }: MachinePlan): Promise<boolean> {
    const kernel = await this.#deps.kernels.find(kernelId);
    return kernel?.bootModules.some((file) => file.startsWith('virtio_blk.')) === true;
  }

  #lease(id: TemplateId): Disposable {
    this.#leases.set(id, (this.#leases.get(id) ?? 0) + 1);
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        const left = (this.#leases.get(id) ?? 1) - 1;
        if (left > 0) this.#leases.set(id, left);
        else this.#leases.delete(id);
      },
    };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof BangerError || error instanceof Error ? error.message : String(error);
}
