import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { build } from 'esbuild';

import { createSteps, startSteps } from '../../packages/banger/src/machine/machine-deps.ts';
import { repositoryRoot } from './repository.ts';
import type { Finished, RunOptions } from './run-to-end.ts';
import type { SandboxHome } from './sandbox-home.ts';

/** What fault drills share. Everything here works on one sandbox home. */

/** As little of a VM as there can be, for `vm create` and `vm run` */
export const SMALL = [
  '--image',
  'debian-bookworm-slim',
  '--vcpu',
  '1',
  '--memory',
  '256M',
  '--disk-size',
  '128M',
];

/** It only takes that long when it never comes: the host may be busy with much else. */
const PATIENCE_MS = 120_000;

export interface ListedVm {
  readonly id: string;
  readonly name: string;
  readonly state: { readonly name: string; readonly reason?: string };
}

const noProgress = { stage: () => undefined, warn: () => undefined };
// Only the names are read, and they do not depend on what the steps work with.
const nothing = {} as Parameters<typeof startSteps>[0];

/** Names of the steps, as the journal has them */
export const createStepNames = createSteps(nothing).map(({ name }) => name);
export const startStepNames = startSteps(nothing, noProgress).map(({ name }) => name);

export async function writeConfig(home: SandboxHome, text: string): Promise<void> {
  await mkdir(dirname(home.configFile), { recursive: true });
  await writeFile(home.configFile, text);
}

/** From now on a VM of this home is the fake of `programs/fake-qemu.ts`: no guest boots, and none is saved. */
export async function useFakeQemu(home: SandboxHome, config = ''): Promise<void> {
  Object.assign(home.env, { BANGER_TEMPLATES_ENABLED: 'false' });
  const program = join(dirname(home.stateDir), 'fake-qemu');
  const script = `${program}.mjs`;
  // In one file it starts in a fifth of the time.
  await build({
    entryPoints: [join(repositoryRoot, 'test/support/programs/fake-qemu.ts')],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`, {
    mode: 0o755,
  });
  await writeConfig(
    home,
    `qemu_bin = "${program}"\n${config}\n[vm_defaults]\noverlay_size = "128M"\n`,
  );
}

export async function listVms(home: SandboxHome): Promise<readonly ListedVm[]> {
  const { stdout } = await home.ok(['vm', 'list', '--all', '--json']);
  return JSON.parse(stdout) as readonly ListedVm[];
}

export async function stateOf(home: SandboxHome, name: string): Promise<ListedVm['state']> {
  const vm = (await listVms(home)).find((each) => each.name === name);
  return vm?.state ?? { name: 'no such VM' };
}

/** Resolves when it is gone. */
export async function killDaemon(home: SandboxHome): Promise<void> {
  await killAndWait(await home.daemonPid());
}

export async function killAndWait(pid: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  process.kill(pid, signal);
  await until('the process is gone', async () => !(await isRunning(pid)));
}

/** A zombie of another parent counts as gone. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}

/** The monitor of the only VM that runs in this home. */
export async function monitorPid(home: SandboxHome): Promise<number> {
  for (const vm of await readdir(join(home.stateDir, 'vms'))) {
    const text = await readFile(join(home.stateDir, 'vms', vm, 'monitor.pid'), 'utf8').catch(
      () => '',
    );
    if (text !== '') return (JSON.parse(text) as { readonly pid: number }).pid;
  }
  throw new Error('no VM of this home runs');
}

/** For what has no event that a test could wait for. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  timeoutMs = PATIENCE_MS,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (await isSo()) return;
    if (Date.now() > deadline) throw new Error(`waited ${String(timeoutMs)} ms in vain: ${what}`);
    await pause(50);
  }
}

/** Until nothing but the idle daemon is left; the last complaint is the error. */
export function untilClean(home: SandboxHome, timeoutMs = PATIENCE_MS): Promise<void> {
  return untilHolds(() => home.assertHostIsClean(), timeoutMs);
}

/** Until an assertion holds; the last complaint is the error. */
export async function untilHolds(
  assertion: () => Promise<void>,
  timeoutMs = PATIENCE_MS,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      await assertion();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(100);
    }
  }
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Finished>;
  /** Resolves when stdout and stderr together match, with how */
  says(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
}

/** A `banger` that a test watches and ends. */
export function startBanger(home: SandboxHome, args: readonly string[]): Running {
  const child = home.start(args);
  const output: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  child.stdout?.on('data', (chunk: Buffer) => output.stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => output.stderr.push(chunk));
  const textOf = (stream: 'stdout' | 'stderr') => Buffer.concat(output[stream]).toString();
  const ended = once(child, 'close').then(([status, signal]) => ({
    status: status as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout: textOf('stdout'),
    stdoutBytes: Buffer.concat(output.stdout),
    stderr: textOf('stderr'),
  }));
  return {
    pid: child.pid ?? 0,
    ended,
    async says(pattern, timeoutMs) {
      const said = () => textOf('stdout') + textOf('stderr');
      let match: RegExpExecArray | null = null;
      await until(
        `"banger ${args.join(' ')}" says ${String(pattern)}`,
        () => {
          match = pattern.exec(said());
          if (match !== null) return true;
          if (child.exitCode !== null)
            throw new Error(`it ended without ${String(pattern)}:\n${said()}`);
          return false;
        },
        timeoutMs,
      );
      return match!;
    },
    kill: (signal) => void child.kill(signal),
  };
}

/** Runs a command that must fail as people expect it: status, one error line, a hint that can be pasted, no stack. */
export async function assertFails(
  home: SandboxHome,
  args: readonly string[],
  error: RegExp,
  { status = 1, ...options }: RunOptions & { readonly status?: number } = {},
): Promise<Finished> {
  const finished = await home.banger(args, options);
  const what = `banger ${args.join(' ')}:\n${finished.stderr}`;
  assert.equal(finished.status, status, what);
  assert.match(finished.stderr, /^error: \S.*$/m, what);
  assert.match(finished.stderr, /^hint: \S.*$/m, what);
  assert.match(finished.stderr, error, what);
  assert.doesNotMatch(finished.stderr, /unexpected error|^\s+at /m, what);
  return finished;
}
