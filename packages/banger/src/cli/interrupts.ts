import { constants } from 'node:os';

import type { InterruptName, World } from './world.ts';

/**
 * Ctrl-C and its relatives. The first one aborts `signal`, or goes to whoever has diverted it (a command in a guest);
 * the second ends the program at once, whatever it waits for.
 */
export interface Interrupts extends Disposable {
  readonly signal: AbortSignal;
  /** Resolves with the exit status when the program must end at once. */
  readonly quit: Promise<number>;
  /** Until disposed, the first interrupt goes to `take` and aborts nothing. */
  divert(take: (name: InterruptName) => void): Disposable;
  /** Ends the program at once and quietly: nobody reads its output any more. */
  outputClosed(): void;
}

/** Why the work was aborted. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitStatus: number;

  constructor(name: InterruptName) {
    super(`interrupted by ${name}`);
    this.exitStatus = exitStatusOf(name);
  }
}

const NAMES: readonly InterruptName[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

export function createInterrupts({ interrupts }: Pick<World, 'interrupts'>): Interrupts {
  const controller = new AbortController();
  const quit = Promise.withResolvers<number>();
  let divertedTo: ((name: InterruptName) => void) | undefined;
  let count = 0;

  const listeners = NAMES.map((name) => ({
    name,
    listener: () => {
      count += 1;
      if (count > 1) quit.resolve(exitStatusOf(name));
      else if (divertedTo !== undefined) divertedTo(name);
      else controller.abort(new Interrupted(name));
    },
  }));
  for (const { name, listener } of listeners) interrupts.on(name, listener);

  return {
    signal: controller.signal,
    quit: quit.promise,
    divert(take) {
      divertedTo = take;
      return { [Symbol.dispose]: () => (divertedTo = undefined) };
    },
    outputClosed: () => quit.resolve(exitStatusOf('SIGPIPE')),
    [Symbol.dispose]() {
      for (const { name, listener } of listeners) interrupts.off(name, listener);
    },
  };
}

function exitStatusOf(name: InterruptName | 'SIGPIPE'): number {
  return 128 + constants.signals[name];
}
