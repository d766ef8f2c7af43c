import type { ForkVmRequest } from '@banger/protocol/vm-requests';
import type { Snapshot } from '@banger/protocol/vm';

import { makeAndStart, type CreateDeps } from '../create-vm.ts';
import { planLike } from '../make-plan.ts';
import { silent, type Operation } from '../operation.ts';
import type { Population } from '../population.ts';
import { startVm } from '../start-vm.ts';
import type { Supervisor } from '../supervisor.ts';
import { Waterfall } from '../waterfall.ts';
import { childNames, forkPointOf, type ForkPoint } from './fork-vm.ts';
import { pauseVm, resumeVm } from './pause-vm.ts';
import { restoreVm } from './restore-vm.ts';
import { deleteSnapshot, takeSnapshot } from './snapshots.ts';
import { suspendVm } from './suspend-vm.ts';

export interface SavedVerbsDeps extends CreateDeps {
  readonly population: Population;
}

/** Children are started this many at a time: more would only wait for each other's CPU. */
const FORKS_AT_ONCE = 4;

/** Running machines as data. Every verb waits for its turn at the VM's supervisor. */
export class SavedVerbs {
  readonly #deps: SavedVerbsDeps;

  constructor(deps: SavedVerbsDeps) {
    this.#deps = deps;
  }

  async pause(vm: Supervisor, operation: Operation): Promise<void> {
    await vm.request('pause', operation, (signal) =>
      pauseVm(vm, this.#deps, { ...operation, signal }),
    );
  }

  async resume(vm: Supervisor, operation: Operation): Promise<void> {
    await vm.request('resume', operation, (signal) =>
      resumeVm(vm, this.#deps, { ...operation, signal }),
    );
  }

  async suspend(vm: Supervisor, operation: Operation): Promise<void> {
    await vm.request('suspend', operation, (signal, { name }) =>
      suspendVm(vm, this.#deps, { ...operation, signal, wasPaused: name === 'paused' }),
    );
  }

  async snapshot(
    vm: Supervisor,
    name: string | undefined,
    operation: Operation,
  ): Promise<Snapshot> {
    const stamp = this.#deps.clock
      .now()
      .toISOString()
      .replaceAll(/[-:]|\.\d+Z/g, '');
    const chosen = name ?? `snap-${stamp.toLowerCase().replace('t', '-')}`;
    const made = await vm.request('snapshot', operation, (signal) =>
      takeSnapshot(vm, this.#deps, { name: chosen, operation: { ...operation, signal } }),
    );
    if (made === undefined) throw new Error('a snapshot is never there already');
    return made;
  }

  /** Its memory and disks become the snapshot's, and it runs on from there. */
  async restore(vm: Supervisor, name: string, operation: Operation): Promise<void> {
    const waterfall = new Waterfall(this.#deps.clock);
    await vm.request('restore', operation, async (signal) => {
      const now = { ...operation, signal, waterfall };
      waterfall.mark('queue');
      await restoreVm(vm, this.#deps, { name, operation: now });
      waterfall.mark('restore');
      await startVm(vm, this.#deps, now);
    });
  }

  deleteSnapshot(vm: Supervisor, name: string, operation: Operation): Promise<void> {
    return vm.alone(() => deleteSnapshot(vm, this.#deps, { name, operation }), operation.signal);
  }

  /** All of them, or none. */
  async fork(
    vm: Supervisor,
    request: ForkVmRequest,
    operation: Operation,
  ): Promise<readonly Supervisor[]> {
    const { population, dirs } = this.#deps;
    const names = childNames(request);
    const children: Supervisor[] = [];
    try {
      for (const name of names) {
        children.push(this.#insertChild(vm, name ?? population.freeName()));
      }
      const point = await vm.request('fork', operation, (signal) =>
        forkPointOf(vm, this.#deps, { dir: dirs.forks, operation: { ...operation, signal } }),
      );
      if (point === undefined) throw new Error('a fork is never there already');
      await using _ = point;
      await atOnce(FORKS_AT_ONCE, children, (child) => this.#startChild(child, point, operation));
      return children;
    } catch (error) {
      await Promise.all(children.map((child) => population.delete(child)));
      throw error;
    }
  }

  /** A port of the host leads to one VM: the copy is reached at its own address. */
  #insertChild(vm: Supervisor, name: string): Supervisor {
    const { spec, provenance, warm, workspace } = vm.record;
    const copied = { provenance, warm, workspace };
    return this.#deps.population.insert({
      ...{ ...copied, name },
      spec: { ...spec, name, publish: [] },
    });
  }

  async #startChild(child: Supervisor, point: ForkPoint, operation: Operation): Promise<void> {
    const { places, clock } = this.#deps;
    const waterfall = new Waterfall(clock);
    operation.progress.stage({ name: 'fork', text: `Starting ${child.record.name}` });
    await child.alone(async (signal) => {
      const now = {
        ...operation,
        signal,
        waterfall,
        progress: { ...silent, warn: (text: string) => operation.progress.warn(text) },
      };
      const { spec } = child.record;
      const parts = { id: child.id, spec, dirs: this.#deps.dirs };
      const plan = planLike(point.plan, { ...parts, network: places.free(spec) });
      await makeAndStart(child, this.#deps, now, { ...plan, start: point.start });
      child.save({ settled: true }, operation.id);
    }, operation.signal);
  }
}

/** Works on a few at a time; the first failure is thrown when all that had begun have ended. */
async function atOnce<T>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      if (failures.length > 0) return;
      await work(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failures.length > 0) throw failures[0];
}
