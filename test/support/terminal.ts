import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

import { bangerProgram, type SandboxHome } from './sandbox-home.ts';

const PATIENCE_MS = 60_000;

/** A `banger` whose stdin, stdout and stderr are one terminal of 100 columns and 30 rows, through script(1). */
export interface Terminal extends AsyncDisposable {
  /** Resolves when what was shown since the last call matches */
  shows(pattern: RegExp): Promise<void>;
  type(keys: string): void;
  /** Exit status of the command, 128+N for a signal */
  readonly ended: Promise<number>;
  /** Everything shown so far, without the sequences that only move and color; lines end with `\n` */
  screen(): string;
}

export function onTerminal(home: SandboxHome, args: readonly string[]): Terminal {
  const command = [bangerProgram, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const line = `stty rows 30 cols 100; exec ${command.join(' ')}`;
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    env: { ...home.env, SHELL: '/bin/sh', TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  let seen = 0;
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stdin.on('error', () => undefined); // The command may end before it has read everything.
  const ended = once(child, 'close').then(([status]) => Number(status));
  const screen = () =>
    text.replace(/\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07)/g, '').replace(/\r+\n/g, '\n');
  return {
    ended,
    screen,
    type: (keys) => void child.stdin.write(keys),
    async shows(pattern) {
      const deadline = Date.now() + PATIENCE_MS;
      for (;;) {
        const isOver = child.exitCode !== null || Date.now() > deadline;
        const match = pattern.exec(screen().slice(seen));
        if (match !== null) {
          seen += match.index + match[0].length;
          return;
        }
        if (isOver) throw new Error(`the terminal never showed ${String(pattern)}:\n${screen()}`);
        await pause(50);
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}
