import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';

import type { InstalledService } from '../system/installed-service.ts';
import type { InterruptName, ProgramEnd, RunningProgram, StartingDaemon, World } from './world.ts';

export interface FakeWorldOptions {
  readonly socket: string;
  /** Both stdin and the outputs are terminals */
  readonly isTerminal?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly build?: World['build'];
  readonly spawnDaemon?: () => Promise<StartingDaemon>;
  readonly service?: InstalledService;
  /** How a program ends; told whether it was interrupted */
  readonly program?: (argv: readonly string[], interrupted: AbortSignal) => Promise<ProgramEnd>;
}

/** A stream that may be a terminal, and remembers what was written to it. */
export class FakeStream extends PassThrough {
  readonly isTTY: boolean;
  columns: number | undefined;
  rows: number | undefined;
  rawModes: boolean[] = [];
  readonly #chunks: Buffer[] = [];

  constructor(isTerminal: boolean) {
    super();
    this.isTTY = isTerminal;
    if (isTerminal) [this.columns, this.rows] = [100, 30];
  }

  /** From now on what is written is kept, and the stream is never full. */
  keep(): this {
    this.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    return this;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }

  setRawMode(isRaw: boolean): this {
    this.rawModes.push(isRaw);
    return this;
  }
}

/** A world without a process: tests write its stdin, send its signals and read its outputs. */
export class FakeWorld implements World {
  readonly stdin: FakeStream;
  readonly stdout: FakeStream;
  readonly stderr: FakeStream;
  readonly env: Readonly<Record<string, string>>;
  readonly uid = process.getuid?.() ?? 0;
  readonly build: World['build'];
  readonly interrupts = new EventEmitter();
  /** Programs that were run */
  readonly programs: (readonly string[])[] = [];
  readonly #service: InstalledService | undefined;
  readonly #spawnDaemon: () => Promise<StartingDaemon>;
  readonly #program: NonNullable<FakeWorldOptions['program']>;

  constructor({
    socket,
    isTerminal = false,
    env = {},
    build,
    spawnDaemon,
    service,
    program,
  }: FakeWorldOptions) {
    this.#service = service;
    this.stdin = new FakeStream(isTerminal);
    this.stdout = new FakeStream(isTerminal).keep();
    this.stderr = new FakeStream(isTerminal).keep();
    this.env = { BANGER_SOCKET: socket, ...env };
    this.build = build ?? { version: '0.1.0', id: 'dev', time: 0 };
    this.#program = program ?? (() => Promise.resolve({ kind: 'missing' }));
    this.#spawnDaemon =
      spawnDaemon ?? (() => Promise.reject(new Error('this world starts no daemon')));
  }

  monotonicMs(): number {
    return 0;
  }

  /** A turn of the event loop stands for any time, so that tests do not sleep. */
  isAlive(): boolean {
    return false;
  }

  async wait(_ms: number, signal: AbortSignal): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }

  spawnDaemon(): Promise<StartingDaemon> {
    return this.#spawnDaemon();
  }

  findService(): Promise<InstalledService | undefined> {
    return Promise.resolve(this.#service);
  }

  runProgram(argv: readonly string[]): Promise<RunningProgram> {
    this.programs.push(argv);
    const interrupted = new AbortController();
    const ended = this.#program(argv, interrupted.signal);
    return Promise.resolve({ ended, kill: (name) => interrupted.abort(name) });
  }

  interrupt(name: InterruptName): void {
    this.interrupts.emit(name);
  }
}
