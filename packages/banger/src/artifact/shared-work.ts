import type { Stage } from '@banger/protocol/progress';

import type { Progress, WorkOptions } from '../host/work.ts';

/**
 * Concurrent callers of one key share one piece of work. It is cancelled when its last caller has gone, and that
 * caller's promise rejects only when the work has ended; callers before it leave at once. A caller that comes while
 * cancelled work is still winding up waits for that and starts anew.
 */
export interface SharedWork<Result> {
  join(
    key: string,
    options: WorkOptions,
    work: (options: WorkOptions) => Promise<Result>,
  ): Promise<Result>;
}

export function createSharedWork<Result>(): SharedWork<Result> {
  const flights = new Map<string, Flight<Result>>();
  return {
    async join(key, { signal, progress }, work) {
      signal.throwIfAborted();
      for (let old = flights.get(key); old?.isCancelled() === true; old = flights.get(key)) {
        await old.settled;
        signal.throwIfAborted();
      }
      let flight = flights.get(key);
      if (flight === undefined) {
        flight = launch(work, () => flights.delete(key));
        flights.set(key, flight);
      }
      return board(flight, { signal, progress });
    },
  };
}

interface Flight<Result> {
  readonly result: Promise<Result>;
  /** Resolves when the work has ended, however it ended */
  readonly settled: Promise<void>;
  readonly callers: Set<Progress>;
  readonly lastStage: () => Stage | undefined;
  readonly isCancelled: () => boolean;
  readonly cancel: (reason: unknown) => void;
}

function launch<Result>(
  work: (options: WorkOptions) => Promise<Result>,
  land: () => void,
): Flight<Result> {
  const controller = new AbortController();
  const callers = new Set<Progress>();
  let lastStage: Stage | undefined;
  const progress: Progress = {
    stage(stage) {
      lastStage = stage;
      for (const caller of callers) caller.stage(stage);
    },
    warn(message) {
      for (const caller of callers) caller.warn(message);
    },
  };
  // Later, so that the first caller is on board before the work says anything.
  const result = Promise.resolve()
    .then(() => work({ signal: controller.signal, progress }))
    .finally(land);
  return {
    result,
    settled: result.then(
      () => undefined,
      () => undefined,
    ),
    callers,
    lastStage: () => lastStage,
    isCancelled: () => controller.signal.aborted,
    cancel: (reason) => {
      controller.abort(reason);
    },
  };
}

async function board<Result>(
  flight: Flight<Result>,
  { signal, progress }: WorkOptions,
): Promise<Result> {
  const seat = { ...pass(progress) }; // One caller may come twice with the same object.
  flight.callers.add(seat);
  const stage = flight.lastStage();
  if (stage !== undefined && stage.ms === undefined) progress.stage(stage);
  const left = Promise.withResolvers<never>();
  const leave = (): void => {
    flight.callers.delete(seat);
    // The reason is the caller's own, and is thrown as it is.
    const abandon = (): void => {
      left.reject(signal.reason as Error);
    };
    if (flight.callers.size > 0) {
      abandon();
      return;
    }
    flight.cancel(signal.reason);
    void flight.settled.then(abandon);
  };
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([flight.result, left.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
    flight.callers.delete(seat);
  }
}

function pass(progress: Progress): Progress {
  return {
    stage: (stage) => {
      progress.stage(stage);
    },
    warn: (message) => {
      progress.warn(message);
    },
  };
}
