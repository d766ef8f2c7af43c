import type {
  Guest,
  GuestBoot,
  GuestExec,
  GuestExecInput,
} from '../../packages/banger/src/guest/guest.ts';
import { createInputQueue } from './input-queue.ts';

const { signal: never } = new AbortController();

export const aBoot: GuestBoot = {
  hostname: 'web',
  dnsServers: ['10.0.2.3'],
  network: { mac: '02:00:00:00:00:01', address: '10.0.2.15/24', gateway: '10.0.2.2' },
  init: 'agent',
  drives: { base: 'base', overlay: 'overlay', work: 'work', modules: 'modules' },
  hosts: [],
};

export function aCommand(argv: readonly string[]): GuestExec {
  return { argv, env: {}, stdin: false };
}

interface RunOptions extends Partial<Omit<GuestExec, 'argv'>> {
  readonly input?: AsyncIterable<GuestExecInput>;
  readonly signal?: AbortSignal;
  readonly onStarted?: (pid: number) => void;
  readonly onOutput?: () => Promise<void>;
}

/** Runs a command to its end and keeps its output. */
export async function run(guest: Guest, argv: readonly string[], options: RunOptions = {}) {
  const { input, signal = never, onStarted, onOutput, ...request } = options;
  const output = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  let pid = 0;
  const exit = await guest.exec(
    { ...aCommand(argv), ...request },
    {
      input: input ?? createInputQueue<GuestExecInput>(),
      onOutput: (stream, bytes) => {
        output[stream].push(bytes);
        return onOutput?.();
      },
      onStarted: (started) => {
        pid = started;
        onStarted?.(started);
      },
    },
    signal,
  );
  return { exit, pid, stdout: Buffer.concat(output.stdout), stderr: Buffer.concat(output.stderr) };
}
