import type { Command, ExitStatus, ProcessIdentity } from './processes.ts';

/** What a fake program is given; it ends with the status it resolves to. */
export interface FakeCall {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
  /** Aborts when the process is killed */
  readonly killed: AbortSignal;
}

export type FakeProgram = (call: FakeCall) => Promise<number> | number;

/** One process of a `FakeHost`. */
export class FakeProcess {
  readonly command: Command;
  readonly identity: ProcessIdentity;
  readonly exited: Promise<ExitStatus>;
  onOutput: (text: string) => void = () => undefined;
  onComplaint: (text: string) => void = () => undefined;
  readonly #gone = new AbortController();
  readonly #end: (status: ExitStatus) => void;

  constructor(pid: number, command: Command) {
    const { promise, resolve } = Promise.withResolvers<ExitStatus>();
    this.command = command;
    this.identity = { pid, startTicks: pid * 7, bootId: 'fake-boot' };
    this.exited = promise;
    this.#end = (status) => {
      if (this.gone.aborted) return;
      resolve(status);
      this.#gone.abort(new Error(`process ${String(pid)} ended`));
    };
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  begin(program: FakeProgram, given: Pick<FakeCall, 'stdin' | 'env'>): void {
    const [, ...args] = this.command;
    const call: FakeCall = {
      ...given,
      args,
      print: (text) => this.onOutput(text),
      complain: (text) => this.onComplaint(text),
      killed: this.gone,
    };
    void this.#run(program, call);
  }

  kill(signal: NodeJS.Signals): void {
    this.#end({ exitCode: null, signal });
  }

  async #run(program: FakeProgram, call: FakeCall): Promise<void> {
    try {
      const exitCode = await program(call);
      this.#end({ exitCode, signal: null });
    } catch (error) {
      call.complain(`${String(error)}\n`);
      this.#end({ exitCode: 1, signal: null });
    }
  }
}
