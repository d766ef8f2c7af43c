/** The QEMU under a fake Firecracker. It ends with this process, however that ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { Socket } from 'node:net';

import * as z from 'zod';

import { QmpClient } from '../../../packages/banger/src/vmm/qemu/qmp-client.ts';
import type { QmpEvent } from '../../../packages/banger/src/vmm/qemu/qmp-messages.ts';
import { openMemory, writeMemory } from './guest-memory.ts';
import { driveNode, fileNode, qemuArguments, STATE_FD } from './qemu-arguments.ts';
import { perSecond } from './rate-limits.ts';
import type { BootSource, Drive, Resources } from './resources.ts';

const DEADLINE_MS = 60_000;
const MIB = 1024 * 1024;

export interface MachineOptions {
  readonly tag: string;
  readonly qemu: string;
  readonly taps: boolean;
  readonly resources: Resources;
  /** What the guest writes to its console */
  readonly onConsole: (text: Buffer) => void;
  /** Told once, with whether the guest has ended itself */
  readonly onEnd: (isOrderly: boolean) => void;
}

export interface LoadedFiles {
  readonly state: string;
  readonly memory: string;
}

export class GuestMachine {
  readonly tag: string;
  readonly resources: Resources;
  readonly #child: ChildProcess;
  readonly #monitor: Promise<QmpClient>;
  readonly #openPorts = new Set<string>();
  /** Of the file that the memory began as */
  readonly #memoryInode: number | null;
  readonly #migrated = Promise.withResolvers<string>();
  #running = Promise.withResolvers<undefined>();
  #isRunning = false;
  #patches = 0;

  static async start(options: MachineOptions, bootSource: BootSource): Promise<GuestMachine> {
    const machine = new GuestMachine(options, bootSource, null);
    await machine.resume();
    return machine;
  }

  /** Resolves when it stands there as it was saved. */
  static async load(options: MachineOptions, files: LoadedFiles): Promise<GuestMachine> {
    const machine = new GuestMachine(options, null, files);
    const capabilities = [{ capability: 'events', state: true }];
    await machine.#execute('migrate-set-capabilities', { capabilities });
    await machine.#execute('migrate-incoming', { uri: `fd:${String(STATE_FD)}` });
    const end = await machine.#migrated.promise;
    if (end !== 'completed') throw new Error(`the devices' state could not be loaded: ${end}`);
    return machine;
  }

  private constructor(
    options: MachineOptions,
    bootSource: BootSource | null,
    files: LoadedFiles | null,
  ) {
    const { tag, qemu, taps, resources } = options;
    this.tag = tag;
    this.resources = resources;
    const hasBalloon = resources.balloon !== undefined;
    const memory = files === null ? 'ignore' : openMemory(files.memory, { hasBalloon });
    this.#memoryInode = typeof memory === 'number' ? fstatSync(memory).ino : null;
    const state = files === null ? 'ignore' : openSync(files.state, 'r');
    this.#child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', '--', qemu],
        ...qemuArguments({ tag, resources, bootSource, hasMemoryFile: files !== null, taps }),
      ],
      { stdio: ['ignore', 'pipe', 'inherit', 'pipe', state, memory] },
    );
    for (const file of [state, memory]) if (typeof file === 'number') closeSync(file);
    this.#child.stdout?.on('data', options.onConsole);
    this.#child.on('exit', (code) => {
      this.#migrated.resolve('QEMU ended');
      // Whoever waits for it answers first.
      setImmediate(() => options.onEnd(code === 0));
    });
    const socket = this.#child.stdio[3];
    if (!(socket instanceof Socket)) throw new Error('QEMU has no monitor');
    const limit = AbortSignal.timeout(DEADLINE_MS);
    this.#monitor = QmpClient.open(socket, (event) => this.#onEvent(event), limit);
    this.#monitor.catch(() => undefined); // Whoever asks it something hears.
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Resolves when the guest's processors run. */
  get running(): Promise<unknown> {
    return this.#running.promise;
  }

  /** Somebody in the guest has that port open */
  isOpen(port: string): boolean {
    return this.#openPorts.has(port);
  }

  async pause(): Promise<void> {
    await this.#execute('stop');
    if (this.#isRunning) this.#running = Promise.withResolvers();
    this.#isRunning = false;
  }

  async resume(): Promise<void> {
    await this.#execute('cont');
    this.#isRunning = true;
    this.#running.resolve(undefined);
  }

  /** Devices, then memory, as Firecracker does; `seal` is told in between. It stands. */
  async save(to: LoadedFiles, seal: () => void): Promise<void> {
    await this.#execute('xen-save-devices-state', { filename: to.state, live: false });
    seal();
    writeMemory(this.#child.pid ?? 0, { inode: this.#memoryInode, to: to.memory });
  }

  /** Puts another file behind a drive, or the same one when it has grown, and tells the guest its size. */
  async patchDrive(drive: Drive): Promise<void> {
    const { size } = statSync(drive.path_on_host);
    const before = await this.#fileOf(drive.drive_id);
    this.#patches += 1;
    const node = `${drive.drive_id}-file-${String(this.#patches)}`;
    await this.#execute('blockdev-add', fileNode(drive, node));
    await this.#execute('blockdev-reopen', { options: [driveNode(drive, node)] });
    await this.#execute('blockdev-del', { 'node-name': before });
    if (!drive.is_read_only) {
      const blocks = Math.floor(size / 512) * 512;
      await this.#execute('block_resize', { 'node-name': drive.drive_id, size: blocks });
    }
  }

  /** To the limits that it is told of */
  async limitDrive({ drive_id, rate_limiter: limiter }: Drive): Promise<void> {
    const [bps, iops] = [perSecond(limiter?.bandwidth), perSecond(limiter?.ops)];
    const apart = { bps_rd: 0, bps_wr: 0, iops_rd: 0, iops_wr: 0 };
    const id = `/machine/peripheral/drive-${drive_id}/virtio-backend`;
    await this.#execute('block_set_io_throttle', { id, bps, iops, ...apart });
  }

  async pressCtrlAltDel(): Promise<void> {
    const keys = ['ctrl', 'alt', 'delete'].map((data) => ({ type: 'qcode', data }));
    await this.#execute('send-key', { keys });
  }

  /** What the balloon is to hold */
  async inflateBalloon(mib: number): Promise<void> {
    const value = (this.resources.machine.mem_size_mib - mib) * MIB;
    await this.#execute('balloon', { value });
  }

  /** What it holds */
  async balloonMib(): Promise<number> {
    const { actual } = z.object({ actual: z.number() }).parse(await this.#execute('query-balloon'));
    return this.resources.machine.mem_size_mib - Math.round(actual / MIB);
  }

  async balloonStats(): Promise<Readonly<Record<string, number>>> {
    const path = '/machine/peripheral/balloon';
    const answer = await this.#execute('qom-get', { path, property: 'guest-stats' });
    return z.object({ stats: z.record(z.string(), z.number()) }).parse(answer).stats;
  }

  async pollBalloon(intervalSeconds: number): Promise<void> {
    const path = '/machine/peripheral/balloon';
    const property = 'guest-stats-polling-interval';
    await this.#execute('qom-set', { path, property, value: intervalSeconds });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #fileOf(drive: string): Promise<string> {
    const nodes = z
      .array(z.object({ 'node-name': z.string() }))
      .parse(await this.#execute('query-named-block-nodes', { flat: true }));
    const found = nodes.find((node) => node['node-name'].startsWith(`${drive}-file`));
    if (found === undefined) throw new Error(`drive "${drive}" has no file`);
    return found['node-name'];
  }

  async #execute(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    const monitor = await this.#monitor;
    return monitor.execute(command, args, AbortSignal.timeout(DEADLINE_MS));
  }

  #onEvent({ event, data }: QmpEvent): void {
    if (event === 'VSERPORT_CHANGE') {
      const { id, open } = z.object({ id: z.string(), open: z.boolean() }).parse(data);
      if (open) this.#openPorts.add(id);
      else this.#openPorts.delete(id);
    }
    if (event !== 'MIGRATION') return;
    const { status } = z.object({ status: z.string() }).parse(data);
    if (['completed', 'failed', 'cancelled'].includes(status)) this.#migrated.resolve(status);
  }
}
