// eslint-disable-next-line no-restricted-imports -- The CLI looks at one process, the daemon, and may not import src/host.
import { readFileSync } from 'node:fs';

import type { BuildInfo } from '../build-info.ts';
import type { World } from './world.ts';

export interface ProcessWorldOptions {
  readonly build: BuildInfo;
  /** Path of the daemon's program */
  readonly bangerd: string;
}

/** The world of a real process. Streams are opened, and rarer things loaded, when they are used. */
export function createProcessWorld({ build, bangerd }: ProcessWorldOptions): World {
  return {
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      return process.stderr;
    },
    env: process.env,
    uid: process.getuid?.() ?? 0,
    build,
    interrupts: process,
    monotonicMs: () => performance.now(),
    isAlive,
    async wait(ms, signal) {
      const { setTimeout: wait } = await import('node:timers/promises');
      await wait(ms, undefined, { signal }).catch((error: unknown) => {
        signal.throwIfAborted(); // With the reason, where the timer has an error of its own.
        throw error;
      });
    },
    async spawnDaemon() {
      const { spawnDaemon } = await import('./spawn-daemon.ts');
      return spawnDaemon(bangerd, process.env);
    },
    async findService() {
      const { findService } = await import('../system/installed-service.ts');
      return findService({ env: process.env, uid: process.getuid?.() ?? 0 });
    },
    async runProgram(argv) {
      const { runProgram } = await import('./run-program.ts');
      return runProgram(argv);
    },
  };
}

/** A zombie is gone: the process 1 of a container may take a second to reap it, or never do. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return !/^\) [ZX] /.test(stat.slice(stat.lastIndexOf(')')));
  } catch {
    return false;
  }
}
