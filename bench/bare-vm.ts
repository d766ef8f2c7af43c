import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { newVmId } from '@banger/protocol/ids';
import type { VmSpec } from '@banger/protocol/vm';

import { createDisks } from '../packages/banger/src/disk/create-disks.ts';
import type { Guest, GuestIdentity } from '../packages/banger/src/guest/guest.ts';
import { createGuestConnector } from '../packages/banger/src/guest/guest-connector.ts';
import { makePlan } from '../packages/banger/src/machine/make-plan.ts';
import { aBridge } from '../packages/banger/src/machine/fixtures.ts';
import { freePlace } from '../packages/banger/src/machine/network-place.ts';
import { identityOf } from '../packages/banger/src/machine/identity.ts';
import { driveSerials } from '../packages/banger/src/machine/drive-names.ts';
import type { MachinePlan } from '../packages/banger/src/machine/plan.ts';
import { awaitSocket } from '../packages/banger/src/vmm/connect-socket.ts';
import { qemuCommand } from '../packages/banger/src/vmm/qemu/qemu-command.ts';
import { machineFor } from '../packages/banger/src/vmm/qemu/qemu-machine.ts';
import type { Lab } from './lab.ts';

/** The least that runs a command in a VM: QEMU and a client of the agent, without a daemon, a monitor or a record. */
export interface BareVm extends AsyncDisposable {
  readonly guest: Guest;
}

/** A directory with fresh disks, of the same kind that the daemon makes. */
export interface BareFiles extends AsyncDisposable {
  readonly plan: MachinePlan;
  readonly qemu: string;
  /** Words before the command of QEMU, which start it elsewhere */
  readonly enter?: readonly string[];
}

export async function makeBareFiles(
  lab: Lab,
  spec: VmSpec,
  baseDisk = lab.image.rootDisk,
): Promise<BareFiles> {
  const { processes, signal } = lab;
  await using cleanup = new AsyncDisposableStack();
  const files = cleanup.use(await makeBareDirs(lab, spec, baseDisk));
  const { paths } = files.plan;
  const disks = createDisks({ processes, path: process.env['PATH'] });
  await disks.make(paths.overlayDisk, { mib: spec.overlayMib, label: 'overlay', signal });
  await disks.make(paths.workDisk, { mib: spec.diskMib, label: 'work', signal });
  const owned = cleanup.move(); // The caller owns the directories.
  return { ...files, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The directories alone. */
export async function makeBareDirs(
  lab: Lab,
  spec: VmSpec,
  baseDisk = lab.image.rootDisk,
): Promise<BareFiles> {
  const { home, image, kernel, initrd, processes } = lab;
  await using cleanup = new AsyncDisposableStack();
  const dirs = { vms: home.scratch, runtimeDir: home.scratchRun, forks: home.scratch };
  const from = { ...image, rootDisk: baseDisk };
  const plan = makePlan({
    ...{ id: newVmId(), spec, image: from, kernel, initrd, dirs },
    network: freePlace(spec, [], { vmsDir: dirs.vms, bridge: aBridge() }),
  });
  const { paths } = plan;
  for (const dir of [paths.dir, paths.runDir]) {
    cleanup.defer(() => rm(dir, { recursive: true, force: true }));
    await mkdir(dir, { recursive: true });
  }
  const qemu = await processes.find('qemu-system-x86_64');
  if (qemu === undefined) throw new Error('QEMU is not installed');
  const owned = cleanup.move(); // The caller owns the directories.
  return { plan, qemu, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** From the spawn to a guest that takes commands. */
export async function bootBareVm({ plan, qemu, enter = [] }: BareFiles, lab: Lab): Promise<BareVm> {
  const { clock } = lab;
  await using cleanup = new AsyncDisposableStack();
  const command = qemuCommand(qemu, plan, machineFor(plan.spec.accel));
  const [program = qemu, ...args] = [...enter, ...command];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(child, 'exit');
  cleanup.defer(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const ended = new AbortController();
  const end = () => ended.abort(new Error(`QEMU ended early; see ${join(plan.paths.dir)}`));
  exited.then(end, end);
  const alive = AbortSignal.any([lab.signal, ended.signal]);

  const stream = await awaitSocket(plan.paths.agentSocket, clock, alive);
  const guest = cleanup.use(await createGuestConnector({ clock }).connect(stream, alive));
  const identity = bareIdentity(plan);
  await guest.boot({ identity, init: plan.init, imageEnv: [], drives: driveSerials }, alive);
  const owned = cleanup.move(); // The returned VM owns its process.
  return { guest, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Without keys: it has no ssh to answer. */
function bareIdentity(plan: MachinePlan): GuestIdentity {
  const hostKey = { type: 'ed25519', privateKey: '', publicKey: '' };
  const parts = { hostKey, userKey: '', git: undefined, seed: randomBytes(64) };
  return { ...identityOf(plan, parts), sshHostKeys: [], authorizedKeys: [] };
}

/** Runs `true` straight over the agent's RPC. */
export async function bareTrue({ guest }: BareVm, signal: AbortSignal): Promise<void> {
  const exit = await guest.exec(
    { argv: ['true'], env: {}, stdin: false },
    { input: nothing(), onOutput: () => undefined },
    signal,
  );
  if (exit.kind !== 'exited' || exit.code !== 0) throw new Error('"true" failed in the bare VM');
}

// eslint-disable-next-line @typescript-eslint/require-await -- An empty input: there is nothing to wait for.
async function* nothing(): AsyncGenerator<never, void> {
  yield* [];
}
