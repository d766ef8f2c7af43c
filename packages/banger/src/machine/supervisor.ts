import { BangerError } from '@banger/protocol/errors';
import type { VmId } from '@banger/protocol/ids';
import type { SetVmRequest } from '@banger/protocol/vm-requests';

import type { Guest } from '../guest/guest.ts';
import { decide, type VmRequest } from './decide.ts';
import { GuestLink } from './guest-link.ts';
import type { MachineDeps } from './machine-deps.ts';
import { backgroundOperation, type Operation } from './operation.ts';
import type { OwnedVm } from './owned-vm.ts';
import type { MachinePlan } from './plan.ts';
import type { VmChange, VmRecord } from './record.ts';
import type { LiveVm } from './running-vms.ts';
import { changeSpec, type HostSize } from './spec.ts';
import { startVm } from './start-vm.ts';
import { removeVm, stopVm } from './stop-vm.ts';
import { WorkQueue } from './work-queue.ts';

/**
 * Owns one VM. Every request waits for the one before it; `kill` and `delete` push the work under way aside. The work
 * itself is in `start-vm.ts` and `stop-vm.ts`; here is the order of things and what the end of a monitor means:
 *
 *   created ─start→ starting → running ─stop, kill, the monitor's end→ stopping → stopped ─start→ …
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
    if (change.state === undefined) return;
    const { id: vm, name, state } = this.#record;
    this.#deps.emit({ type: 'vm.state', vm, name, state }, operation);
  }

  adoptPlan(plan: MachinePlan, operation: string): void {
    this.save({ plan, spec: plan.spec, imageId: plan.imageId, kernelId: plan.kernelId }, operation);
  }

  start(operation: Operation): Promise<void> {
    return this.#request('start', operation, (signal) => this.#start({ ...operation, signal }));
  }

  /** Once the guest was asked to power off, the caller's end no longer matters. */
  stop(operation: Operation, timeoutMs?: number): Promise<void> {
    return this.#request('stop', operation, () =>
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
    if (decision.kind === 'deny') throw this.#denied('kill', decision);
    this.#queue.preempt(this.#pushedAside('killed'));
    this.#deps.running.get(this.id)?.vmm.kill(signal);
    await this.#queue.run(async () => {
      if (decide(this.#record.state, 'kill').kind !== 'go') return; // Its end was noticed already.
      await stopVm(this, this.#deps, { operation, timeoutMs: 0 });
    }, operation.signal);
  }

  /** Running or not; resolves when nothing of the VM is left. */
  async delete(operation: Operation): Promise<void> {
    this.#queue.preempt(this.#pushedAside('deleted'));
    await this.#queue.run(async () => {
      if (this.#deleted) return;
      this.save({ state: { name: 'deleting' } }, operation.id);
      await removeVm(this, this.#deps, operation);
      this.#deleted = true;
    }, operation.signal);
  }

  change(change: SetVmRequest, host: HostSize, operation: Operation): Promise<void> {
    return this.#request('change', operation, async () => {
      const { plan, state } = this.#record;
      const spec = changeSpec(this.#record.spec, change, host);
      if (plan !== null) await this.#deps.disks.grow(plan.paths.workDisk, spec.diskMib);
      const network = plan && { ...plan.network, nat: spec.nat };
      this.save({ spec, state, plan: plan && network && { ...plan, spec, network } }, operation.id);
    });
  }

  /** Runs `work` as this VM's only work; for creation and for what a daemon does at its start. */
  alone<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#queue.run(work, signal);
  }

  /** The connection to the agent of a running VM. */
  guest(signal: AbortSignal): Promise<Guest> {
    const live = this.#deps.running.get(this.id);
    if (this.#record.state.name !== 'running' || live === undefined) {
      throw new BangerError(
        'vm.not_running',
        `Cannot use VM "${this.#record.name}": it is ${this.#record.state.name}`,
        {
          hint: `banger vm start ${this.#record.name}`,
        },
      );
    }
    return this.connect(live, signal);
  }

  connect(live: LiveVm, signal: AbortSignal): Promise<Guest> {
    return this.#link.connect(live, this.#record, signal);
  }

  watch(live: LiveVm): void {
    void live.vmm.exited.then((exit) => this.#onExit(live, exit.kind));
  }

  /** Resolves when nothing is queued or under way. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  async #start(operation: Operation): Promise<void> {
    await startVm(this, this.#deps, operation);
  }

  async #onExit(
    live: LiveVm,
    kind: 'guest-off' | 'guest-reset' | 'killed' | 'crashed',
  ): Promise<void> {
    const operation = backgroundOperation();
    await this.#queue.run(async (signal) => {
      // A stop or a delete that came first has cleaned up already, or a new run has begun.
      if (this.#record.state.name !== 'running' || this.#deps.running.get(this.id) !== live) return;
      await stopVm(this, this.#deps, { operation, timeoutMs: 0 });
      if (kind !== 'guest-reset') return;
      // A restart that fails is in the record's state and in the journal; nobody waits for this promise.
      await this.#start({ ...operation, signal }).catch(() => undefined);
    }, operation.signal);
  }

  #request(
    request: VmRequest,
    operation: Operation,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    return this.#queue.run(async (signal) => {
      if (this.#deleted) throw this.#gone();
      const decision = decide(this.#record.state, request);
      if (decision.kind === 'already') return;
      if (decision.kind === 'deny') throw this.#denied(request, decision);
      if (request !== 'change') this.save({ state: decision.next }, operation.id);
      await work(signal);
    }, operation.signal);
  }

  #denied(
    request: VmRequest,
    { because, hint }: { readonly because: string; readonly hint: string },
  ): BangerError {
    const { name } = this.#record;
    const code = request === 'kill' ? 'vm.not_running' : 'vm.wrong_state';
    return new BangerError(code, `Cannot ${request} VM "${name}": ${because}`, {
      hint: hint.replace('VM', name),
    });
  }

  #pushedAside(how: string): BangerError {
    return new BangerError(
      'vm.busy',
      `Cannot go on with VM "${this.#record.name}": it was ${how} meanwhile`,
    );
  }

  #gone(): BangerError {
    return new BangerError(
      'vm.not_found',
      `Cannot find VM "${this.#record.name}": it was deleted`,
      {
        hint: 'banger vm list --all',
      },
    );
  }
}
