import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';

import { runToEnd } from './run-to-end.ts';
import { bangerProgram, type SandboxHome } from './sandbox-home.ts';

/**
 * A file system that is full. The daemon is started in a mount namespace of its own, where a small tmpfs lies over one
 * of its directories; nobody else sees it, and it ends with the daemon.
 */

/** Only root may mount. */
export const mayMount = process.getuid?.() === 0;

/** The daemon of this home, started with a tmpfs of this size (`48m`) over a directory */
export async function startOnTmpfs(home: SandboxHome, dir: string, size: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const options = `size=${size},mode=0700`;
  const script = `mount -t tmpfs -o ${options} tmpfs '${dir}' && exec '${bangerProgram}' daemon start`;
  const started = await runToEnd(['unshare', '--mount', 'sh', '-c', script], { env: home.env });
  assert.equal(started.status, 0, started.stderr);
}

export async function resizeTmpfs(home: SandboxHome, dir: string, size: string): Promise<void> {
  const pid = String(await home.daemonPid());
  const remount = ['mount', '-o', `remount,size=${size}`, dir];
  const { status, stderr } = await runToEnd(['nsenter', '-t', pid, '-m', ...remount], {});
  assert.equal(status, 0, stderr);
}

/** A size that leaves no room */
export async function usedOnTmpfs(home: SandboxHome, dir: string): Promise<string> {
  const pid = String(await home.daemonPid());
  const df = ['df', '-k', '--output=used', dir];
  const { stdout } = await runToEnd(['nsenter', '-t', pid, '-m', ...df], {});
  return `${stdout.split('\n')[1]?.trim() ?? ''}k`;
}

/** A path as the daemon sees it. */
export async function inside(home: SandboxHome, path: string): Promise<string> {
  return `/proc/${String(await home.daemonPid())}/root${path}`;
}
