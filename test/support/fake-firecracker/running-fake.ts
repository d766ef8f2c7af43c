/** A fake Firecracker that runs, for tests that drive it by hand. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

export class RunningFake implements AsyncDisposable {
  readonly dir: string;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  output = '';
  readonly #child: ChildProcess;

  /** Resolves when it answers, or has ended. */
  static async start(binary: string, dir: string): Promise<RunningFake> {
    const fake = new RunningFake(binary, dir);
    while (!(await fake.#listens()) && fake.#child.exitCode === null) await pause(5);
    return fake;
  }

  private constructor(binary: string, dir: string) {
    this.dir = dir;
    this.#child = spawn(binary, ['--api-sock', 'api.sock', '--id', 'test'], { cwd: dir });
    this.exited = once(this.#child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string | null,
    }));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (text: Buffer) => (this.output += text.toString('latin1')));
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Short, as a socket's path has to be */
  get socket(): string {
    return relative(process.cwd(), `${this.dir}/api.sock`);
  }

  async call(method: string, path: string, body?: unknown): Promise<Answered> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const sent = request({ socketPath: this.socket, method, path });
    if (text !== '') sent.setHeader('Content-Length', Buffer.byteLength(text));
    sent.end(text);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const answer = Buffer.concat((await response.toArray()) as Buffer[]).toString();
    return {
      status: response.statusCode ?? 0,
      body: answer === '' ? undefined : (JSON.parse(answer) as unknown),
    };
  }

  /** What the vsock says to a line, up to the end of its first line or of the stream */
  async dial(line: string): Promise<string> {
    const socket = connect(relative(process.cwd(), `${this.dir}/vsock.sock`));
    socket.on('error', () => undefined);
    socket.write(line);
    let said = '';
    for await (const chunk of socket) {
      said += String(chunk);
      if (said.includes('\n')) break;
    }
    socket.destroy();
    return said;
  }

  /** A socket is there before it listens. */
  async #listens(): Promise<boolean> {
    const socket = connect(this.socket);
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}
