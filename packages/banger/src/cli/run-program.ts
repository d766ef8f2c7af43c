// eslint-disable-next-line no-restricted-imports -- The CLI runs the user's own ssh on the user's own terminal, and may not import src/host.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import type { ProgramEnd, RunningProgram } from './world.ts';

/** Runs a program on our stdin, stdout and stderr. */
export function runProgram([file = '', ...args]: readonly string[]): RunningProgram {
  const child = spawn(file, args, { stdio: 'inherit' });
  return { ended: endOf(child), kill: (name) => void child.kill(name) };
}

async function endOf(child: ReturnType<typeof spawn>): Promise<ProgramEnd> {
  try {
    const ended: readonly unknown[] = await once(child, 'exit');
    return typeof ended[0] === 'number'
      ? { kind: 'exited', status: ended[0] }
      : { kind: 'signalled', signal: child.signalCode ?? 'SIGKILL' };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { kind: 'missing' };
    throw error;
  }
}
