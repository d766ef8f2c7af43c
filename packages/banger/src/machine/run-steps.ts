import { BangerError } from '@banger/protocol/errors';
import type { Timing } from '@banger/protocol/vm';

import type { Clock } from '../host/clock.ts';
import type { Progress } from '../host/work.ts';
import type { MachinePlan } from './plan.ts';

/** One reversible change to the host. Both halves must be safe to run twice. */
export interface Step {
  readonly name: string;
  /** For people, while it runs: "Starting the monitor" */
  readonly text: string;
  run(plan: MachinePlan, signal: AbortSignal): Promise<void>;
  /** Must cope with a `run` that stopped half way, and with a thing that is already gone. */
  undo(plan: MachinePlan, signal: AbortSignal): Promise<void>;
}

/** Written before the work it speaks of. */
export interface Journal {
  record(step: string, phase: StepPhase, error?: unknown): void;
}
export type StepPhase = 'started' | 'done' | 'undoing' | 'undone' | 'stuck';

export interface RunOptions {
  readonly journal: Journal;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly clock: Clock;
}

const UNDO_DEADLINE_MS = 30_000;

/**
 * Runs the steps in order; resolves with what each took, `atMs` by the clock's own zero. On a failure or abort,
 * undoes what was started, newest first, and rejects.
 */
export async function runSteps(
  steps: readonly Step[],
  plan: MachinePlan,
  { journal, signal, progress, clock }: RunOptions,
): Promise<readonly Timing[]> {
  const started: Step[] = [];
  const timings: Timing[] = [];
  try {
    for (const step of steps) {
      signal.throwIfAborted();
      const begin = clock.monotonicMs();
      progress.stage({ name: step.name, text: step.text });
      journal.record(step.name, 'started');
      started.push(step);
      await step.run(plan, signal);
      journal.record(step.name, 'done');
      const ms = clock.monotonicMs() - begin;
      progress.stage({ name: step.name, text: step.text, ms });
      timings.push({ name: step.name, ms, atMs: begin });
    }
    return timings;
  } catch (cause) {
    const leftovers = await undoSteps(started, plan, journal);
    if (leftovers.length === 0) signal.throwIfAborted(); // Asked to stop, and clean: no failure.
    throw startFailure(plan, started.at(-1)?.name ?? 'none', { cause, leftovers });
  }
}

/** Never throws and never stops early. Returns the names of the steps it could not undo. */
export async function undoSteps(
  started: readonly Step[],
  plan: MachinePlan,
  journal: Journal,
): Promise<readonly string[]> {
  const leftovers: string[] = [];
  for (const step of started.toReversed()) {
    try {
      journal.record(step.name, 'undoing');
      // The caller's signal may be what brought us here, so undo has its own.
      await step.undo(plan, AbortSignal.timeout(UNDO_DEADLINE_MS));
      journal.record(step.name, 'undone');
    } catch (error) {
      journal.record(step.name, 'stuck', error);
      leftovers.push(step.name);
    }
  }
  return leftovers;
}

/** What failed keeps its own code and hint: the step's name is the fact that is added. */
function startFailure(
  plan: MachinePlan,
  step: string,
  { cause, leftovers }: { readonly cause: unknown; readonly leftovers: readonly string[] },
): BangerError {
  const known = cause instanceof BangerError && cause.code !== 'internal.bug' ? cause : undefined;
  const cannot = `Cannot start VM "${plan.spec.name}"`;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new BangerError(
    known?.code ?? 'vm.start_failed',
    why.startsWith(cannot) ? why : `${cannot}: ${why}`,
    {
      cause,
      hint: known?.hint ?? `banger vm logs ${plan.spec.name}`,
      details: { ...known?.details, step, leftovers },
    },
  );
}
