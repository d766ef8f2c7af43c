import type { BangerError } from '@banger/protocol/errors';
import type { VmId } from '@banger/protocol/ids';

import { VmPublisher, type PublishedVm, type PublisherOptions } from './vm-publisher.ts';

export interface PublishersOptions extends Omit<PublisherOptions, 'onProblem'> {
  /** undefined when there is no such VM, or it is nobody's */
  readonly vmOf: (id: VmId) => PublishedVm | undefined;
  readonly onProblem: (id: VmId, problem: BangerError) => void;
}

/** Publishes the ports of every VM that runs, for as long as it does. */
export class Publishers implements AsyncDisposable {
  readonly #options: PublishersOptions;
  readonly #running = new Map<VmId, VmPublisher>();
  readonly #ending = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: PublishersOptions) {
    this.#options = options;
  }

  of(id: VmId): VmPublisher | undefined {
    return this.#running.get(id);
  }

  /** Why ports of a VM do not answer on the host, for people */
  problemsOf(id: VmId): readonly string[] {
    const problems = this.of(id)?.ports.problems.values() ?? [];
    return Array.from(problems, ({ message }) => message);
  }

  /** To be called with every state that a VM comes into, `deleted` too. */
  follow(id: VmId, state: string): void {
    const publisher = this.#running.get(id);
    if (state !== 'running' && state !== 'paused') {
      this.#end(id);
      return;
    }
    if (publisher === undefined) this.#begin(id, state === 'paused');
    else if (state === 'paused') publisher.pause();
    else publisher.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const id of this.#running.keys()) this.#end(id);
    await Promise.all(this.#ending);
  }

  #begin(id: VmId, isPaused: boolean): void {
    const vm = this.#options.vmOf(id);
    if (vm === undefined || this.#isClosed) return;
    const onProblem = (problem: BangerError) => this.#options.onProblem(id, problem);
    this.#running.set(id, new VmPublisher(vm, { ...this.#options, onProblem, isPaused }));
  }

  #end(id: VmId): void {
    const publisher = this.#running.get(id);
    if (publisher === undefined) return;
    this.#running.delete(id);
    const ended = publisher[Symbol.asyncDispose]().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }
}
