import type { VmId } from '@banger/protocol/ids';
import type { SetVmRequest } from '@banger/protocol/vm-requests';
import type { VmState } from '@banger/protocol/vm';

import type { Guest } from '../guest/guest.ts';
import { changeRequest, changeVm } from './change-vm.ts';
import { decide, isUp, type VmRequest } from './decide.ts';
import { diskWarning } from './disk-warning.ts';
import { GuestLink } from './guest-link.ts';
import type { MachineDeps } from './machine-deps.ts';
import { backgroundOperation, type Operation } from './operation.ts';
import type { OwnedVm } from './owned-vm.ts';
import type { MachinePlan } from './plan.ts';
import type { VmChange, VmRecord } from './record.ts';
import { deletedMeanwhile, denied, notAdopted, notRunning, pushedAside } from './refusals.ts';
import type { LiveVm } from './running-vms.ts';
import type { HostSize } from './spec.ts';
import { startVm } from './start-vm.ts';
import { exitWithin, removeVm, stopVm } from './stop-vm.ts';
import { Waterfall } from './waterfall.ts';
import { WorkQueue } from './work-queue.ts';

/** A channel breaks with its monitor, whose end is looked for this long. */
const END_NOTICED_MS = 1_000;

/**
 * Owns one VM. Every request waits for the one before it; `kill` and `delete` push the work under way aside. The work
 * itself is in `start-vm.ts` and `stop-vm.ts`; here is the order of things and what the end of a monitor means:
 *
 *   created ─start→ starting → running ─stop, kill, the monitor's end→ stopping → stopped ─start→ …
 *
 * What a running machine is saved for (pause, suspend, snapshots, forks) is in `saved/`, and comes through `request`.
 *
 * A guest that resets itself (reboot) is started again. A connection that breaks while the monitor lives is made anew
 * when somebody needs it (`GuestLink`).
 */
export class Supervisor implements OwnedVm {
  readonly #deps: MachineDeps;
  readonly #queue = new WorkQueue();
  readonly #link: GuestLink;
  #record: VmRecord;
  #deleted = false;

  constructor(record: VmRecord, deps: MachineDeps) {
    this.#record = record;
    this.#deps = deps;
    this.#link = new GuestLink(deps);
  }

  get record(): VmRecord {
    return this.#record;
  }

  get id(): VmId {
    return this.#record.id;
  }

  save(change: VmChange, operation: string): void {
    this.#record = this.#deps.records.update(this.#record, change);
    const { id: vm, name, state, purpose } = this.#record;
    if (change.state === undefined || purpose !== 'user') return;
    this.#deps.emit({ type: 'vm.state', vm, name, state }, operation);
  }

  adoptPlan(plan: MachinePlan, operation: string): void {
    this.save({ plan, spec: plan.spec, imageId: plan.imageId, kernelId: plan.kernelId }, operation);
  }

  start(operation: Operation): Promise<unknown> {
    const waterfall = new Waterfall(this.#deps.clock);
    return this.request('start', operation, (signal) => {
      waterfall.mark('queue');
      return startVm(this, this.#deps, { ...operation, signal, waterfall });
    });
  }

  /** Once the guest was asked to power off, the caller's end no longer matters. */
  stop(operation: Operation, timeoutMs?: number): Promise<unknown> {
    return this.request('stop', operation, () =>
      stopVm(this, this.#deps, { operation, timeoutMs }),
    );
  }

  async restart(operation: Operation): Promise<void> {
    await this.stop(operation);
    await this.start(operation);
  }

  /** Forced. With a signal other than SIGKILL the monitor may live on; it is told and waited for briefly. */
  async kill(signal: NodeJS.Signals, operation: Operation): Promise<void> {
    const decision = decide(this.#record.state, 'kill');
    if (decision.kind === 'deny') throw denied(this.#record, 'kill', decision);
    this.#queue.preempt(pushedAside(this.#record, 'killed'));
    this.#deps.running.get(this.id)?.vmm.kill(signal);
    await this.#queue.run(async () => {
      if (decide(this.#record.state, 'kill').kind !== 'go') return; // Its end was noticed already.
      await stopVm(this, this.#deps, { operation, timeoutMs: 0 });
    }, operation.signal);
  }

  /** Running or not; resolves when nothing of the VM is left. */
  async delete(operation: Operation): Promise<void> {
    this.#queue.preempt(pushedAside(this.#record, 'deleted'));
    await this.#queue.run(async () => {
      if (this.#deleted) return;
      this.save({ state: { name: 'deleting' } }, operation.id);
      await removeVm(this, this.#deps, operation);
      this.#deleted = true;
    }, operation.signal);
  }

  change(change: SetVmRequest, host: HostSize, operation: Operation): Promise<unknown> {
    return this.request(changeRequest(change, this.#record.spec), operation, (signal) =>
      changeVm(this, this.#deps, { change, host, operation: operation.id, signal }),
    );
  }

  /** Runs `work` as this VM's only work; for creation and for what a daemon does at its start. */
  alone<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#queue.run(work, signal);
  }

  /** The connection to the agent of a running VM. */
  guest(signal: AbortSignal): Promise<Guest> {
    const live = this.#deps.running.get(this.id);
    if (this.#record.state.name !== 'running') throw notRunning(this.#record);
    if (live === undefined) throw notAdopted(this.#record);
    return this.connect(live, signal);
  }

  /** For somebody whose channel to it broke: whether its run is over, which shows a moment later than the channel. */
  async hasEnded(): Promise<boolean> {
    const live = this.#deps.running.get(this.id);
    if (live === undefined || live.vmm.gone.aborted) return true;
    return (await exitWithin(live, END_NOTICED_MS)) !== undefined;
  }

  connect(live: LiveVm, signal: AbortSignal): Promise<Guest> {
    return this.#link.connect(live, this.#record, signal);
  }

  /** Somebody is about to run a command; what is returned is called when it runs. Only a run's first counts. */
  watchExec(): () => void {
    const live = this.#deps.running.get(this.id);
    if (live?.firstExecFromMs === undefined) return () => undefined;
    const { clock } = this.#deps;
    const begin = clock.monotonicMs();
    const atMs = begin - live.firstExecFromMs;
    live.firstExecFromMs = undefined;
    return () => {
      if (this.#deleted || this.#deps.running.get(this.id) !== live) return;
      const timing = { name: 'first-exec', ms: clock.monotonicMs() - begin, atMs };
      this.save({ timings: [...this.#record.timings, timing] }, backgroundOperation().id);
    };
  }

  watch(live: LiveVm): void {
    live.vmm.onDiskTrouble((trouble) => this.warn(diskWarning(trouble)));
    void live.vmm.exited.then((exit) => this.#onExit(live, exit.kind));
  }

  /** Resolves when nothing is queued or under way. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** A warning that is there already is not repeated. */
  warn(message: string): void {
    const { warnings, name, purpose } = this.#record;
    if (this.#deleted || warnings.includes(message)) return;
    const { id } = backgroundOperation();
    this.save({ warnings: [...warnings, message] }, id);
    if (purpose === 'user') this.#deps.emit({ type: 'vm.warning', vm: this.id, name, message }, id);
  }

  async #onExit(
    live: LiveVm,
    kind: 'guest-off' | 'guest-reset' | 'killed' | 'crashed',
  ): Promise<void> {
    const operation = backgroundOperation();
    await this.#queue.run(async (signal) => {
      // A stop or a delete that came first has cleaned up already, or a new run has begun.
      if (!isUp(this.#record.state) || this.#deps.running.get(this.id) !== live) return;
      await stopVm(this, this.#deps, { operation, timeoutMs: 0 });
      if (kind !== 'guest-reset' || this.#record.purpose === 'build') return;
      // A restart that fails is in the record's state and in the journal; nobody waits for this promise.
      await startVm(this, this.#deps, { ...operation, signal }).catch(() => undefined);
    }, operation.signal);
  }

  /** Does what is asked when its turn comes and the state allows it; undefined when it is so already. */
  request<T>(
    request: VmRequest,
    operation: Operation,
    work: (signal: AbortSignal, before: VmState) => Promise<T>,
  ): Promise<T | undefined> {
    return this.#queue.run(async (signal) => {
      if (this.#deleted) throw deletedMeanwhile(this.#record);
      const decision = decide(this.#record.state, request);
      if (decision.kind === 'already') return undefined;
      if (decision.kind === 'deny') throw denied(this.#record, request, decision);
      const before = this.#record.state;
      if (isTransient(decision.next)) this.save({ state: decision.next }, operation.id);
      return work(signal, before);
    }, operation.signal);
  }
}

/** A state that says work is under way; the others are saved by the work, when it is so. */
function isTransient({ name }: VmState): boolean {
  return ['starting', 'stopping', 'suspending'].includes(name);
}
