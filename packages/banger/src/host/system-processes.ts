import { adoptChild } from './adopt-child.ts';
import type { Clock } from './clock.ts';
import { findProgram, requireProgram } from './find-program.ts';
import { listMatching } from './list-matching.ts';
import type { Processes } from './processes.ts';
import { runProgram } from './run-program.ts';
import { spawnChild } from './spawn-child.ts';
import { createSystemClock } from './system-clock.ts';

export interface SystemProcessesOptions {
  readonly clock?: Clock;
  /** What children get, with each call's own `env` added; its PATH is where programs are looked for */
  readonly env?: NodeJS.ProcessEnv;
}

/** The processes of this Linux host, through node:child_process and /proc. */
export function createSystemProcesses(options: SystemProcessesOptions = {}): Processes {
  const { clock = createSystemClock(), env = process.env } = options;
  const path = env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return {
    async spawn([program, ...args], { logFile, cwd, inherit = [], signal, env: added }) {
      signal.throwIfAborted();
      const found = await requireProgram(program, path);
      const childEnv = { ...env, ...added };
      const options = { logFile, env: childEnv, cwd, inherit, clock, signal };
      return spawnChild([found, ...args], options);
    },
    async run([program, ...args], runOptions) {
      runOptions.signal.throwIfAborted();
      const found = await requireProgram(program, path);
      return runProgram([found, ...args], runOptions, {
        env: { ...env, ...runOptions.env },
        clock,
      });
    },
    adopt: (identity) => Promise.resolve(adoptChild(identity, clock)),
    find: (program) => findProgram(program, path),
    listMatching: (text) => Promise.resolve(listMatching(text)),
  };
}
