import { spawn } from 'node:child_process';
import { once } from 'node:events';

import type { KernelSettings } from '../../packages/banger/src/host/kernel-settings.ts';
import type { Processes, RunResult } from '../../packages/banger/src/host/processes.ts';
import { createSystemClock } from '../../packages/banger/src/host/system-clock.ts';
import { createSystemProcesses } from '../../packages/banger/src/host/system-processes.ts';

/** A host's network with nothing in it but `lo`. Whatever a test makes there goes with it, however the test ends. */
export interface NetworkNamespace extends AsyncDisposable {
  /** For `nsenter --target`; more processes may be started there */
  readonly pid: number;
  /** As those of this host, with everything they run in the namespace */
  readonly processes: Processes;
  readonly kernel: KernelSettings;
  readonly run: (command: string) => Promise<RunResult>;
  /** Rejects when the shell command fails; resolves with what it printed */
  readonly ok: (command: string) => Promise<string>;
}

export const mayMakeNamespaces = process.getuid?.() === 0;

/** Needs root. */
export async function makeNetworkNamespace(): Promise<NetworkNamespace> {
  const begin =
    'ip link set lo up && echo 0 >/proc/sys/net/ipv4/ip_forward && echo ready && exec cat';
  const holder = spawn('unshare', ['--net', '--kill-child', 'sh', '-c', begin], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'close');
  const isReady = once(holder.stdout, 'data').then(() => true);
  const { pid } = holder;
  if (pid === undefined || !(await Promise.race([isReady, ended.then(() => false)])))
    throw new Error('no network namespace can be made');

  const processes = createSystemProcesses({ clock: createSystemClock(), env: process.env });
  const enter = ['nsenter', '--target', String(pid), '--net'] as const;
  const inside: Processes = {
    ...processes,
    run: (command, options) => processes.run([...enter, ...command], options),
  };
  const run = (command: string) =>
    inside.run(['sh', '-c', command], { signal: AbortSignal.timeout(60_000) });
  const ok = async (command: string) => {
    const { exitCode, stdout, stderr } = await run(command);
    if (exitCode !== 0) throw new Error(`${command}: ${stderr}`);
    return stdout;
  };
  return {
    ...{ pid, processes: inside, run, ok },
    kernel: {
      read: async (name) => (await ok(`cat /proc/sys/${name}`)).trim(),
      async write(name, value) {
        await ok(`echo ${value} >/proc/sys/${name}`);
      },
    },
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await ended;
    },
  };
}
