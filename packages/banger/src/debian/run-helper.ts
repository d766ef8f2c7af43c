import { readFile } from 'node:fs/promises';

import type { ErrorCode } from '@banger/protocol/errors';

import type { Command, Processes, RunOptions, RunResult } from '../host/processes.ts';
import { archiveFailure } from './archive-failure.ts';

/** Runs helpers of one build: the same environment and words for all, and a failure is one error for the user. */
export type RunHelper = (
  command: Command,
  options: Omit<RunOptions, 'env'> & { readonly env?: Readonly<Record<string, string>> },
) => Promise<RunResult>;

export interface HelperContext {
  readonly processes: Processes;
  readonly env: Readonly<Record<string, string>>;
  /** "Cannot build image "debian-bookworm"" */
  readonly what: string;
  readonly otherwise: ErrorCode;
  /** Where helpers write */
  readonly dir: string;
}

export function createRunHelper({ processes, env, ...failure }: HelperContext): RunHelper {
  return async (command, options) => {
    const result = await processes.run(command, { ...options, env: { ...env, ...options.env } });
    options.signal.throwIfAborted();
    if (result.exitCode === 0) return result;
    throw await archiveFailure({ ...failure, stderr: result.stderr });
  };
}

/** Not for what a helper says, but for our own reading and writing beside it. */
export async function readNumber(file: string): Promise<number> {
  const value = Number((await readFile(file, 'utf8')).trim());
  if (!Number.isSafeInteger(value)) throw new Error(`"${file}" holds no number`);
  return value;
}
