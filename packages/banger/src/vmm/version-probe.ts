import { stat } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';
import type { Processes } from '../host/processes.ts';

/** What a program says of itself within 60 ms, on a loaded host, too */
const PATIENCE_MS = 5_000;
/** For how long one that did not answer is not asked again: it may have been the host that had no time */
const SILENT_MS = 60_000;

/** Rejects with `host.tool_missing`, of a program that says nothing, nonsense, or cannot be run. */
export type VersionProbe = (
  program: VersionedProgram,
  binary: string,
  signal: AbortSignal,
) => Promise<string>;

export interface VersionedProgram {
  /** For people: "QEMU" */
  readonly name: string;
  /** Of what it prints for `--version`; the first group is the version */
  readonly pattern: RegExp;
}

export interface VersionProbeHost {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly patienceMs?: number;
}

type Known =
  { readonly version: string } | { readonly silence: BangerError; readonly untilMs: number };

/**
 * Asks a binary for its version once, and again when the file has changed. Whoever comes first waits for one that hangs; the
 * others are told at once.
 */
export function createVersionProbe(host: VersionProbeHost): VersionProbe {
  const known = new Map<string, Known>();
  return async (program, binary, signal) => {
    const { mtimeMs, size } = await stat(binary);
    const key = JSON.stringify([binary, mtimeMs, size]);
    const before = known.get(key);
    if (before !== undefined) {
      if ('version' in before) return before.version;
      if (host.clock.monotonicMs() < before.untilMs) throw before.silence;
    }
    const answer = await ask(host, { program, binary }, signal);
    if (typeof answer === 'string') {
      known.set(key, { version: answer });
      return answer;
    }
    known.set(key, { silence: answer, untilMs: host.clock.monotonicMs() + SILENT_MS });
    throw answer;
  };
}

/** Resolves with an error when it did not answer in time. */
async function ask(
  { processes, patienceMs = PATIENCE_MS }: VersionProbeHost,
  { program, binary }: { readonly program: VersionedProgram; readonly binary: string },
  signal: AbortSignal,
): Promise<string | BangerError> {
  const refused = (why: string, options: { cause?: unknown; details?: { stdout: string } }) =>
    new BangerError('host.tool_missing', `Cannot use "${binary}": ${why}`, {
      ...options,
      hint: `${binary} --version`,
    });
  const late = AbortSignal.timeout(patienceMs);
  try {
    const asked = AbortSignal.any([signal, late]);
    const { stdout, exitCode } = await processes.run([binary, '--version'], { signal: asked });
    const version = program.pattern.exec(stdout)?.[1];
    if (exitCode === 0 && version !== undefined) return version;
    throw refused(`it does not say which version of ${program.name} it is`, {
      details: { stdout },
    });
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof BangerError) throw cause;
    if (!late.aborted)
      throw refused(cause instanceof Error ? cause.message : String(cause), { cause });
    const seconds = String(patienceMs / 1000);
    return refused(`it did not say its version within ${seconds} s`, { cause });
  }
}
