import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';

import type { VmSpec } from '@banger/protocol/vm';

import { createDisks } from '../packages/banger/src/disk/create-disks.ts';
import { createGuestConnector } from '../packages/banger/src/guest/guest-connector.ts';
import { forkOf } from '../packages/banger/src/machine/warm/template-start.ts';
import type { StoredTemplate } from '../packages/banger/src/template/templates.ts';
import { awaitSocket } from '../packages/banger/src/vmm/connect-socket.ts';
import { loadState } from '../packages/banger/src/vmm/qemu/load-state.ts';
import { qemuCommand } from '../packages/banger/src/vmm/qemu/qemu-command.ts';
import { machineFor } from '../packages/banger/src/vmm/qemu/qemu-machine.ts';
import { QemuMonitor } from '../packages/banger/src/vmm/qemu/qemu-monitor.ts';
import { type BareFiles, type BareVm, makeBareDirs } from './bare-vm.ts';
import type { Lab } from './lab.ts';

/** What a bare fork needs, with its own copies of the template's disks. */
export async function makeForkFiles(
  lab: Lab,
  spec: VmSpec,
  template: StoredTemplate,
): Promise<BareFiles> {
  await using cleanup = new AsyncDisposableStack();
  const files = cleanup.use(await makeBareDirs(lab, spec));
  const { paths } = files.plan;
  const disks = createDisks({ processes: lab.processes, path: process.env['PATH'] });
  const copies = [
    { from: template.files.overlayDisk, to: paths.overlayDisk },
    { from: template.files.workDisk, to: paths.workDisk },
  ];
  await disks.copy(copies, lab.signal);
  const owned = cleanup.move(); // The caller owns the directories.
  return {
    ...files,
    plan: forkOf(files.plan, template),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export interface BareFork extends BareVm {
  readonly pid: number;
}

/** From the spawn to a guest that takes commands: the least that restores a template, without giving it an identity. */
export async function restoreBareVm({ plan, qemu }: BareFiles, lab: Lab): Promise<BareFork> {
  const { clock } = lab;
  await using cleanup = new AsyncDisposableStack();
  const [program, ...args] = qemuCommand(qemu, plan, machineFor(plan.spec.accel));
  const state = await open(plan.start.state ?? '', 'r');
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit', state.fd] });
  await state.close();
  const exited = once(child, 'exit');
  cleanup.defer(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const ended = new AbortController();
  const end = () => ended.abort(new Error('QEMU ended early'));
  exited.then(end, end);
  const alive = AbortSignal.any([lab.signal, ended.signal]);

  const socket = await awaitSocket(plan.paths.monitorSocket, clock, alive);
  const monitor = cleanup.use(await QemuMonitor.open(socket, alive));
  await loadState(monitor, alive);
  await monitor.execute('cont', {}, alive);
  const stream = await awaitSocket(plan.paths.agentSocket, clock, alive);
  const guest = cleanup.use(await createGuestConnector({ clock }).connect(stream, alive));
  const owned = cleanup.move(); // The returned VM owns its process.
  return { guest, pid: child.pid ?? 0, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
