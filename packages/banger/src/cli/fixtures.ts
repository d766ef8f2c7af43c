import { startFakeDaemon, type FakeDaemon } from '../../../../test/support/fake-daemon.ts';
import { FakeWorld, type FakeWorldOptions } from './fake-world.ts';
import { main } from './main.ts';

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A CLI with a fake daemon of its own. */
export interface Cli extends AsyncDisposable {
  readonly daemon: FakeDaemon;
  /** Runs a command line to its end; stdin is `input` and then its end. */
  run(line: string | readonly string[], options?: CliOptions): Promise<Ran>;
  /** A world for a test that takes part while the command runs. */
  world(options?: CliOptions): FakeWorld;
}

export interface CliOptions extends Partial<Omit<FakeWorldOptions, 'socket'>> {
  readonly input?: string | Uint8Array;
}

export async function createCli(): Promise<Cli> {
  const daemon = await startFakeDaemon();
  const world = (options: CliOptions = {}) =>
    new FakeWorld({ socket: daemon.settings.socket, ...options });
  return {
    daemon,
    world,
    async run(line, options = {}) {
      const its = world(options);
      its.stdin.end(options.input);
      const argv = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line;
      const status = await main(argv, its);
      return { status, stdout: its.stdout.text, stderr: its.stderr.text };
    },
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

/** A CLI whose daemon has running VMs of these names. */
export async function withVms(...names: readonly string[]): Promise<Cli> {
  const cli = await createCli();
  for (const name of names) await cli.run(`vm create --name ${name}`);
  return cli;
}

/** Waits for something that another part of the test brings about. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}
