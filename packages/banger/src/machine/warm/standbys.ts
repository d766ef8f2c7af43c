import type { ImageId, KernelId, TemplateId } from '@banger/protocol/ids';

import type { MemoryPressure } from '../../host/pressure.ts';
import type { CreateDeps } from '../create-vm.ts';
import type { MachinePlan } from '../plan.ts';
import type { Population } from '../population.ts';
import type { Supervisor } from '../supervisor.ts';
import { makeStandby } from './make-standby.ts';
import type { TemplateKeeper } from './template-keeper.ts';
import { forkOf } from './template-start.ts';

export interface StandbyDeps extends CreateDeps {
  readonly population: Population;
  readonly keeper: TemplateKeeper;
  readonly pressure: MemoryPressure;
  /** Prepared forks per shape; 0 is off */
  readonly perShape: number;
}

/** A shape that nobody has started for this long has no standby. */
const RECENT_MS = 10 * 60_000;
const LOOK_MS = 10_000;
/** The VM that was just handed out has the CPU for itself this long. */
const SETTLE_MS = 500;
/** Below this share of memory, or with stalls above that share of time, nothing is kept in memory ahead of need. */
const LEAST_AVAILABLE = 0.1;
const MOST_STALLED_PERCENT = 10;

interface Shape {
  readonly id: TemplateId;
  /** Of a VM of this shape */
  readonly plan: MachinePlan;
  usedAtMs: number;
  readonly ready: Supervisor[];
  preparing: Promise<void> | undefined;
}

/**
 * Forks made ahead of time: restored, identified, one command run so that the emulator has translated what a first command
 * needs, and then stopped. They are hidden VMs and cost no CPU while they wait. What a standby is good for is in its
 * shape's id: with another image, agent or monitor nobody asks for that id any more.
 */
export class Standbys implements AsyncDisposable {
  readonly #deps: StandbyDeps;
  readonly #shapes = new Map<TemplateId, Shape>();
  readonly #closing = new AbortController();
  #watching: Promise<void> | undefined;

  constructor(deps: StandbyDeps) {
    this.#deps = deps;
  }

  /** None waits; nobody needs to find out which one would do */
  get isEmpty(): boolean {
    return [...this.#shapes.values()].every(({ ready }) => ready.length === 0);
  }

  /** Prepared and waiting */
  countOf(id: TemplateId): number {
    return this.#shapes.get(id)?.ready.filter(isWaiting).length ?? 0;
  }

  /** One that waits; the caller has it from now on. */
  take(id: TemplateId): Supervisor | undefined {
    const shape = this.#shapes.get(id);
    for (let vm = shape?.ready.shift(); vm !== undefined; vm = shape?.ready.shift()) {
      if (isWaiting(vm)) return vm;
      this.#delete(vm);
    }
    return undefined;
  }

  /** It was not to be. */
  putBack(id: TemplateId, vm: Supervisor): void {
    const shape = this.#shapes.get(id);
    if (shape === undefined) this.#delete(vm);
    else shape.ready.unshift(vm);
  }

  /** A VM of this plan's shape was started: the next one will want a standby. */
  used(id: TemplateId, plan: MachinePlan): void {
    if (this.#deps.perShape === 0 || this.#closing.signal.aborted) return;
    const usedAtMs = this.#deps.clock.monotonicMs();
    const shape = this.#shapes.get(id) ?? { id, plan, usedAtMs, ready: [], preparing: undefined };
    shape.usedAtMs = usedAtMs;
    this.#shapes.set(id, shape);
    this.#fill(shape);
    this.#watching ??= this.#watch().finally(() => {
      this.#watching = undefined;
    });
  }

  /** Those of an image or kernel that goes, or of one template. */
  async drop(what: ImageId | KernelId | TemplateId): Promise<void> {
    const shapes = [...this.#shapes.values()].filter(({ id, plan }) =>
      [id, plan.imageId, plan.kernelId].some((part) => part === what),
    );
    await Promise.all(shapes.map((shape) => this.#give(shape)));
  }

  /** Nothing of them is left when it resolves. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the daemon stops'));
    await this.#watching;
    await Promise.all([...this.#shapes.values()].map((shape) => this.#give(shape)));
  }

  #fill(shape: Shape): void {
    if (shape.ready.length >= this.#deps.perShape || shape.preparing !== undefined) return;
    shape.preparing = this.#prepare(shape)
      .catch(() => undefined) // It is in the journal; the next start goes without.
      .finally(() => {
        shape.preparing = undefined;
      });
  }

  async #prepare(shape: Shape): Promise<void> {
    const { signal } = this.#closing;
    const { clock, keeper } = this.#deps;
    do await clock.wait(SETTLE_MS, signal);
    while (this.#isBusy());
    if (!(await this.#hasRoom())) return;
    using found = await keeper.find(shape.id, signal);
    if (found === undefined) return;
    const vm = await makeStandby(this.#deps, forkOf(shape.plan, found.template), signal);
    const isWanted = this.#shapes.get(shape.id) === shape && !signal.aborted;
    if (isWanted) shape.ready.push(vm);
    else await this.#deps.population.delete(vm);
    if (isWanted && shape.ready.length < this.#deps.perShape) await this.#prepare(shape);
  }

  /** Gives up what nobody wants, and everything when memory gets short; ends when nothing is left to look after. */
  async #watch(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#closing;
    while (this.#shapes.size > 0) {
      await clock.wait(LOOK_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      const hasRoom = await this.#hasRoom();
      const oldest = clock.monotonicMs() - RECENT_MS;
      for (const shape of [...this.#shapes.values()]) {
        const isIdle = shape.ready.length === 0 && shape.preparing === undefined;
        if (shape.usedAtMs < oldest || (!hasRoom && !isIdle)) await this.#give(shape);
        else this.#removeDead(shape);
      }
    }
  }

  async #give(shape: Shape): Promise<void> {
    this.#shapes.delete(shape.id);
    await shape.preparing;
    const vms = shape.ready.splice(0);
    await Promise.allSettled(vms.map((vm) => this.#deps.population.delete(vm)));
  }

  #removeDead(shape: Shape): void {
    for (const vm of shape.ready.filter((standby) => !isWaiting(standby))) {
      shape.ready.splice(shape.ready.indexOf(vm), 1);
      this.#delete(vm);
    }
    this.#fill(shape);
  }

  /** In its own time; what cannot be removed stays in the records for the next daemon. */
  #delete(vm: Supervisor): void {
    void this.#deps.population.delete(vm).catch(() => undefined);
  }

  #isBusy(): boolean {
    const isStarting = ({ record }: Supervisor) =>
      record.state.name === 'starting' || (record.state.name === 'created' && !record.settled);
    return this.#deps.population.everyone().some(isStarting);
  }

  async #hasRoom(): Promise<boolean> {
    const { totalMib, availableMib, stalledPercent } = await this.#deps.pressure.read();
    return availableMib >= totalMib * LEAST_AVAILABLE && stalledPercent < MOST_STALLED_PERCENT;
  }
}

function isWaiting({ record }: Supervisor): boolean {
  return record.purpose === 'standby' && record.state.name === 'paused';
}
