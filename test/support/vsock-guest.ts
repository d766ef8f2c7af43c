import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { optionList } from '../../packages/banger/src/vmm/qemu/option-list.ts';

export interface VsockGuestFiles {
  /** Exists; for sockets and the console */
  readonly dir: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly commandLine: string;
  /** In the order in which they are attached, without serial numbers */
  readonly drives: readonly { readonly file: string; readonly readOnly: boolean }[];
}

/** A Linux guest whose only way to the host is vsock. */
export interface VsockGuest extends AsyncDisposable {
  /** Speaks as Firecracker does: `CONNECT <port>` */
  readonly vsockPath: string;
  readonly consoleLog: string;
  /** When QEMU has ended, with its status */
  readonly ended: Promise<number | null>;
}

/**
 * QEMU with a vsock device that is made by rust-vmm's `vhost-device-vsock` in a process of its own: it needs neither
 * a kernel module of the host's nor Firecracker, and speaks the latter's protocol on its socket.
 */
export async function startVsockGuest(vhost: string, files: VsockGuestFiles): Promise<VsockGuest> {
  const { dir } = files;
  await using cleanup = new AsyncDisposableStack();
  const vsockPath = join(dir, 'vsock');
  const deviceSocket = join(dir, 'device');
  const consoleLog = join(dir, 'console.log');
  const vm = optionList('guest-cid=3', { 'uds-path': vsockPath, socket: deviceSocket });
  const device = spawn(vhost, ['--vm', vm], { stdio: ['ignore', 'ignore', 'ignore'] });
  cleanup.defer(() => end(device));
  await until(() => exists(deviceSocket), device);

  const qemu = spawn('qemu-system-x86_64', qemuArguments(files, deviceSocket), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(qemu, 'exit').then(([status]) => status as number | null);
  cleanup.defer(() => end(qemu));
  qemu.stdout.pipe(createWriteStream(consoleLog));
  await until(() => exists(vsockPath), qemu);
  const owned = cleanup.move(); // The returned guest owns both processes.
  return { vsockPath, consoleLog, ended, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function qemuArguments(files: VsockGuestFiles, deviceSocket: string): readonly string[] {
  const unused = { usb: false, sata: false, smbus: false, vmport: false };
  return [
    ...['-no-user-config', '-nodefaults', '-display', 'none', '-cpu', 'max', '-m', '256M'],
    ...['-machine', optionList('q35', { accel: 'tcg', ...unused, 'memory-backend': 'ram' })],
    // The device's process works on the guest's memory.
    ...['-object', 'memory-backend-memfd,id=ram,size=256M,share=on'],
    ...['-kernel', files.kernel, '-initrd', files.initrd, '-append', files.commandLine],
    ...['-action', 'reboot=shutdown'],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-chardev', optionList('socket', { id: 'vsock', path: deviceSocket })],
    ...['-device', 'vhost-user-vsock-pci,chardev=vsock'],
    ...['-netdev', 'user,id=net,restrict=on', '-device', 'virtio-net-pci,netdev=net,romfile='],
    ...files.drives.flatMap(({ file, readOnly }, index) => {
      const id = `drive${String(index)}`;
      const backend = { 'node-name': id, 'read-only': readOnly, 'file.filename': file };
      const locked = { 'file.driver': 'file', 'file.locking': false };
      return [
        ...['-blockdev', optionList('driver=raw', { ...backend, ...locked })],
        ...['-device', `virtio-blk-pci,drive=${id}`],
      ];
    }),
  ];
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Until what `child` makes is there. */
async function until(isThere: () => Promise<boolean>, child: ChildProcess): Promise<void> {
  while (!(await isThere())) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended too early`);
    await wait(10);
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
