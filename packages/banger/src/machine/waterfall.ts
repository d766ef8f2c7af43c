import type { Timing } from '@banger/protocol/vm';

import type { Clock } from '../host/clock.ts';
import { isBooted, type PlanStart } from './plan.ts';
import type { LiveVm } from './running-vms.ts';

/** Times of one start, from the moment it was asked for. */
export class Waterfall {
  /** By the clock's own zero */
  readonly originMs: number;
  readonly #clock: Clock;
  readonly #entries: Timing[] = [];
  #lastMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.originMs = clock.monotonicMs();
    this.#lastMs = this.originMs;
  }

  /** What has happened since the last mark, or since the beginning, was this. */
  mark(name: string): void {
    const now = this.#clock.monotonicMs();
    this.#entries.push({ name, ms: now - this.#lastMs, atMs: this.#lastMs - this.originMs });
    this.#lastMs = now;
  }

  /** The same, unless there is a mark of that name already: then what has happened since is nobody's. */
  markFirst(name: string): void {
    if (this.#entries.some((entry) => entry.name === name)) {
      this.#lastMs = this.#clock.monotonicMs();
    } else this.mark(name);
  }

  /** The marks, and steps as `runSteps` timed them. */
  with(steps: readonly Timing[]): Timing[] {
    const shifted = steps.map(({ name, ms, atMs = this.originMs }) => {
      return { name, ms, atMs: atMs - this.originMs };
    });
    return [...this.#entries, ...shifted];
  }
}

/** What a step of a start is called in the waterfall, in words that hold for every VMM and network. */
const names: Readonly<Record<string, string>> = {
  'make-directory': 'directory',
  'make-host-key': 'host-key',
  'make-disks': 'disks',
  'make-run-directory': 'run-directory',
  'greet-guest': 'handshake',
  'identify-guest': 'identity',
  'boot-guest': 'boot',
  'await-ready': 'ready',
  'resume-vcpus': 'resume',
};

/** Steps → waterfall: those that this start did not need are left out, those with parts come with them. Pure. */
export function startTimings(
  steps: readonly Timing[],
  start: PlanStart,
  {
    vmm,
    booted,
    identified,
  }: Pick<LiveVm, 'booted' | 'identified'> & {
    readonly vmm: { readonly timings: readonly Timing[] };
  },
): Timing[] {
  const idle = isBooted(start) ? ['boot-guest', 'await-ready'] : ['identify-guest'];
  if (start.state === null) idle.push('await-network', 'resume-vcpus');
  return steps
    .filter(({ name }) => !idle.includes(name))
    .flatMap((step) => {
      const { atMs = 0 } = step;
      switch (step.name) {
        case 'launch-vmm':
          return inOrder(vmm.timings, atMs);
        case 'boot-guest':
          return [{ ...step, name: 'boot' }, ...inOrder(booted?.stages ?? [], atMs, 'boot/')];
        case 'identify-guest':
          return [{ ...step, name: 'identity' }, ...inOrder(identified, atMs, 'identity/')];
        default:
          return [{ ...step, name: names[step.name] ?? step.name }];
      }
    });
}

/** Parts that followed each other. */
function inOrder(parts: readonly Timing[], fromMs: number, prefix = ''): Timing[] {
  let atMs = fromMs;
  return parts.map(({ name, ms }) => {
    const part = { name: `${prefix}${name}`, ms, atMs };
    atMs += ms;
    return part;
  });
}
