/** The operating system's processes, as far as banger needs them. `system-processes.ts` is the real one. */
export interface Processes {
  /**
   * Starts a program that may outlive the daemon: in a session of its own, standard input closed, output appended
   * to a file. Rejects with `host.tool_missing` when the program does not exist. Aborting `signal` before the promise
   * resolves leaves no process; afterwards the child is the caller's to dispose.
   */
  spawn(command: Command, options: SpawnOptions): Promise<Child>;

  /**
   * Runs a helper program to its end. Rejects when it cannot be started or `signal` aborts (then its whole process
   * group is ended, politely first, and gone when the promise rejects); a non-zero status is an answer, not an error.
   */
  run(command: Command, options: RunOptions): Promise<RunResult>;

  /** The process with this identity, spawned by an earlier daemon; undefined when it is gone or the pid is another's. */
  adopt(identity: ProcessIdentity): Promise<Child | undefined>;

  /** Absolute path of a program in PATH (or of an absolute path that exists and is executable). */
  find(program: string): Promise<string | undefined>;

  /** This user's running processes with `text` in one of their arguments: what a crash may have left unrecorded. */
  listMatching(text: string): Promise<readonly ProcessIdentity[]>;
}

export type Command = readonly [program: string, ...args: string[]];

/** A pid alone may be reused; with its start time it is one process for ever (proc(5), stat field 22). */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot */
  readonly startTicks: number;
  /** /proc/sys/kernel/random/boot_id of the host */
  readonly bootId: string;
}

export interface SpawnOptions {
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What the child has open as descriptors 3, 4, … */
  readonly inherit?: readonly InheritedFile[];
  readonly signal: AbortSignal;
}

export interface InheritedFile {
  /** Of a file, or of a FIFO, whose other end need not be open */
  readonly path: string;
  readonly access: 'read' | 'read-write';
}

/** Disposing ends it: SIGKILL to the process group, resolved when it is reaped or gone. Disposing twice is fine. */
export interface Child extends AsyncDisposable {
  readonly identity: ProcessIdentity;
  /** Resolves, never rejects; null members when the process was adopted and its status is not ours to read */
  readonly exited: Promise<ExitStatus>;
  /** Aborts when the process is gone */
  readonly gone: AbortSignal;
  /** To the process group; nothing happens when it is gone */
  kill(signal: NodeJS.Signals): void;
}

export interface ExitStatus {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** Called with each whole line of standard error as it comes */
  readonly onStderrLine?: (line: string) => void;
  /** Kept of each stream, from its end; 64 KiB unless told. stdout beyond it is an error, stderr is cut */
  readonly maxOutputBytes?: number;
}

export interface RunResult extends ExitStatus {
  readonly stdout: string;
  readonly stderr: string;
}
