import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { BridgePort } from '../../packages/banger/src/network/bridge/bridge-port.ts';
import { bridgeSettings } from '../contract/bridge-host-scene.ts';
import type { NetworkNamespace } from './network-namespace.ts';
import { repositoryRoot } from './repository.ts';
import { runToEnd } from './run-to-end.ts';

const source = join(repositoryRoot, 'test/support/tap-guest');
const program = join(repositoryRoot, '.cache/tap-guest');

/** The network of a guest behind a tap, as hostile as a test wants it; no machine is booted for it. */
export interface TapGuest extends AsyncDisposable {
  /** A shell command as the guest's root; rejects when it fails */
  sh(command: string): Promise<string>;
  /** Whether anything comes back from there, be it a refusal */
  reaches(address: string, tcpPort?: number): Promise<boolean>;
}

/** Once, before the first guest. */
export async function buildTapGuest(): Promise<void> {
  await mkdir(join(repositoryRoot, '.cache'), { recursive: true });
  const env = { ...process.env, CGO_ENABLED: '0' };
  const built = await runToEnd(['go', 'build', '-trimpath', '-o', program, '.'], {
    ...{ cwd: source, env },
  });
  if (built.status !== 0) throw new Error(built.stderr);
}

/** As its port says that it is. */
export async function startTapGuest(host: NetworkNamespace, port: BridgePort): Promise<TapGuest> {
  const enter = ['--target', String(host.pid), '--net', program, port.tap];
  const child = spawn('nsenter', enter, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const isReady = once(child.stdout, 'data').then(() => true);
  if (!(await Promise.race([isReady, ended.then(() => false)])))
    throw new Error(`nobody can play a guest on ${port.tap}`);
  const sh = (command: string) => inNamespace(child.pid ?? 0, command);
  await sh(
    [
      'ip link set lo up',
      `ip link set eth0 address ${port.mac} up`,
      `ip address add ${port.address}/24 dev eth0`,
      `ip route add default via ${bridgeSettings.address}`,
    ].join(' && '),
  );
  return {
    sh,
    reaches: (address, tcpPort = 9) => reaches(child.pid ?? 0, address, tcpPort),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

/** From the namespace of a process: closed ports refuse at once, and what is dropped is never answered. */
export async function reaches(pid: number, address: string, tcpPort = 9): Promise<boolean> {
  const attempt = `timeout 3 bash -c '</dev/tcp/${address}/${String(tcpPort)}' 2>&1`;
  const said = await inNamespace(pid, `${attempt}; true`);
  return said.includes('Connection refused');
}

async function inNamespace(pid: number, command: string): Promise<string> {
  const enter = ['nsenter', '--target', String(pid), '--net', 'sh', '-c', command];
  const { status, stdout, stderr } = await runToEnd(enter, { timeoutMs: 30_000 });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout;
}
