import type {
  Guest,
  GuestBoot,
  GuestExec,
  GuestExecInput,
  GuestIdentity,
} from '../../packages/banger/src/guest/guest.ts';
import { createInputQueue } from './input-queue.ts';

const { signal: never } = new AbortController();

export const anIdentity: GuestIdentity = {
  hostname: 'web',
  hosts: [],
  dnsServers: ['10.77.0.3'],
  network: { mac: '02:00:00:00:00:01', address: '10.77.1.1/16', gateway: '10.77.0.1' },
  machineId: '0123456789abcdef0123456789abcdef',
  sshHostKeys: [{ type: 'ed25519', privateKey: 'private', publicKey: 'ssh-ed25519 AAAA' }],
  authorizedKeys: ['ssh-ed25519 BBBB'],
  seed: Buffer.from('seed'),
  overlayMib: 1024,
  workMib: 2048,
};

export const aBoot: GuestBoot = {
  identity: anIdentity,
  init: 'agent',
  imageEnv: [],
  drives: { base: 'base', overlay: 'overlay', work: 'work', modules: 'modules' },
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
