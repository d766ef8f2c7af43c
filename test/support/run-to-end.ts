import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly stdin?: string | Buffer;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
}

export interface Finished {
  /** null when it was ended by a signal */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
}

/** Runs a program with its streams collected; one that takes too long is killed and its output is in the error. */
export async function runToEnd(command: readonly string[], options: RunOptions): Promise<Finished> {
  const { env, stdin, timeoutMs = 600_000, cwd, uid, gid } = options;
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(env && { env }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined); // It may end without reading everything.
  child.stdin.end(stdin);
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    child.kill('SIGKILL');
  }, timeoutMs);
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  const stdoutBytes = Buffer.concat(out);
  const stderr = Buffer.concat(err).toString();
  if (late.signal.aborted)
    throw new Error(`${command.join(' ')} took longer than ${String(timeoutMs)} ms:\n${stderr}`);
  return { status, signal, stdout: stdoutBytes.toString(), stdoutBytes, stderr };
}
