import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';

import type { BuildInfo } from '../build-info.ts';
import type { InstalledService } from '../system/installed-service.ts';

export interface TerminalInput extends Readable {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
}

/** A terminal emits `resize`. */
export interface TerminalOutput extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export type InterruptName = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** A daemon that is being started. */
export interface StartingDaemon {
  /** The line it wrote about its start; undefined when it closed the descriptor without one */
  readonly line: Promise<string | undefined>;
  /** How the process ended: `exited with status 1` */
  readonly ended: Promise<string>;
  /** Lets it live on by itself. */
  release(): void;
}

/** How a program ended; `missing`: there is none of that name. */
export type ProgramEnd =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'missing' };

/** A program on our own stdin, stdout and stderr. */
export interface RunningProgram {
  readonly ended: Promise<ProgramEnd>;
  kill(name: InterruptName): void;
}

/** Everything outside the CLI. The process has one, each test makes its own. */
export interface World {
  readonly stdin: TerminalInput;
  readonly stdout: TerminalOutput;
  readonly stderr: TerminalOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly build: BuildInfo;
  /** Emits the signals that the process gets */
  readonly interrupts: Pick<EventEmitter, 'on' | 'off'>;
  /** Milliseconds that only count up */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Whether a process of this user runs; one that ended and waits for its parent does not */
  isAlive(pid: number): boolean;
  spawnDaemon(): Promise<StartingDaemon>;
  /** The service that runs this user's daemon, where there is one: then none is to be spawned beside it */
  findService(): Promise<InstalledService | undefined>;
  runProgram(argv: readonly string[]): Promise<RunningProgram>;
}
