/**
 * What Firecracker does with a request whose form is right (src/vmm/src/rpc_interface.rs). A machine is configured, then
 * started, or it is loaded; from then on other requests are good. Refusals are in its own words.
 */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';

import * as z from 'zod';

import { GuestMachine, type LoadedFiles } from './guest-machine.ts';
import * as resource from './resources.ts';
import { openState, sealState, SnapshotError } from './snapshot-file.ts';
import { snapshotVersion } from './versions.ts';
import { VsockBridge } from './vsock-bridge.ts';

export interface Host {
  readonly version: string;
  readonly id: string;
  readonly qemu: string;
  readonly taps: boolean;
  readonly writeConsole: (text: Buffer, file: string | undefined) => void;
  /** Ends the program */
  readonly exit: (status: number) => void;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** Of a request: undefined where there is nothing to say. */
type Handler = (body: unknown, id: string) => unknown;

/** Refused, with status 400 */
export class Fault extends Error {}

const POST_BOOT = 'The requested operation is not supported after starting the microVM.';
const PRE_BOOT = 'The requested operation is not supported before starting the microVM.';

export class Controller {
  readonly #host: Host;
  #resources = resource.emptyResources();
  #machine: GuestMachine | undefined;
  #vsock: VsockBridge | undefined;
  /** Something has been configured, so that nothing can be loaded any more */
  #isConfigured = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** @throws Fault */
  async handle({ method, path, body }: Request): Promise<unknown> {
    const [, kind = '', id = ''] = path.split('/');
    const name = `${method} /${kind}`;
    const always = this.#always[name] ?? this.#always[`${method} ${path}`];
    if (always !== undefined) return await always(body, id);
    const handlers = this.#machine === undefined ? this.#preBoot : this.#postBoot;
    const handler = handlers[name] ?? handlers[`${method} ${path}`];
    if (handler !== undefined) return await handler(body, id);
    throw new Fault(this.#machine === undefined ? PRE_BOOT : POST_BOOT);
  }

  kill(): void {
    this.#machine?.kill();
  }

  readonly #always: Readonly<Record<string, Handler>> = {
    'GET /': () => this.#describe(),
    'GET /version': () => ({ firecracker_version: this.#host.version }),
    'GET /machine-config': () => this.#resources.machine,
    'GET /vm/config': () => this.#configuration(),
    'GET /balloon': (_body, part) => this.#balloonAnswer(part),
    'PUT /actions': (body) => this.#act(body),
  };

  readonly #preBoot: Readonly<Record<string, Handler>> = {
    'PUT /logger': () => undefined,
    'PUT /metrics': () => undefined,
    'PUT /boot-source': (body) => this.#configure(() => this.#setBootSource(body)),
    'PUT /machine-config': (body) => this.#configure(() => this.#setMachine(body)),
    'PATCH /machine-config': (body) =>
      this.#configure(() => this.#setMachine({ ...this.#resources.machine, ...object(body) })),
    'PUT /drives': (body) => this.#configure(() => this.#putDrive(resource.drive.parse(body))),
    'PUT /network-interfaces': (body) => this.#configure(() => this.#putNetwork(body)),
    'PUT /vsock': (body) => this.#configure(() => this.#putVsock(body)),
    'PUT /balloon': (body) => this.#configure(() => this.#putBalloon(body)),
    'PUT /entropy': (body) =>
      this.#configure(() => {
        this.#resources.entropy = resource.entropy.parse(body);
      }),
    'PUT /serial': (body) => {
      const { serial_out_path: file } = z
        .object({ serial_out_path: z.string().nullish() })
        .parse(body);
      if (file != null) this.#resources.serialFile = file;
    },
    'PUT /snapshot/load': (body) => this.#load(body),
  };

  readonly #postBoot: Readonly<Record<string, Handler>> = {
    'PATCH /vm': (body) => this.#setState(body),
    'PATCH /drives': (body, id) => this.#patchDrive(body, id),
    'PATCH /network-interfaces': (_body, id) => this.#requireNetwork(id),
    'PATCH /balloon': (body, part) => this.#patchBalloon(body, part),
    'PUT /snapshot/create': (body) => this.#save(body),
  };

  #configure(change: () => unknown): unknown {
    this.#isConfigured = true;
    return change();
  }

  get #booted(): GuestMachine {
    if (this.#machine === undefined) throw new Fault(PRE_BOOT);
    return this.#machine;
  }

  #describe() {
    const running = this.#machine?.isRunning === true ? 'Running' : 'Paused';
    return {
      id: this.#host.id,
      state: this.#machine === undefined ? 'Not started' : running,
      vmm_version: this.#host.version,
      app_name: 'Firecracker',
    };
  }

  #configuration() {
    const { machine, drives, networks, vsock, balloon, entropy, bootSource } = this.#resources;
    return {
      balloon: balloon ?? null,
      drives,
      'boot-source': bootSource ?? { kernel_image_path: '' },
      'machine-config': machine,
      'network-interfaces': networks,
      vsock: vsock ?? null,
      entropy: entropy ?? null,
    };
  }

  #setBootSource(body: unknown): void {
    const source = resource.bootSource.parse(body);
    const cannot = {
      kernel: 'Boot source error: The kernel file cannot be opened',
      initrd:
        'Boot source error: The initrd file cannot be opened due to invalid path or invalid permissions.',
    };
    requireFile(source.kernel_image_path, `${cannot.kernel}: `);
    if (source.initrd_path != null) requireFile(source.initrd_path, `${cannot.initrd} `);
    this.#resources.bootSource = source;
  }

  #setMachine(body: unknown): void {
    const machine = resource.machineConfig.parse(body);
    if (machine.mem_size_mib <= 0) {
      throw new Fault(
        'Machine config error: The memory size (MiB) is either 0, or not a multiple of the configured page size.',
      );
    }
    this.#resources.machine = machine;
  }

  #putDrive(drive: resource.Drive): void {
    requireFile(
      drive.path_on_host,
      'Drive config error: Unable to create the virtio block device: Virtio backend error: Error manipulating the backing file: ',
      ` ${drive.path_on_host}`,
    );
    const { drives } = this.#resources;
    const at = drives.findIndex(({ drive_id }) => drive_id === drive.drive_id);
    if (drive.is_root_device && drives[0]?.is_root_device === true && at !== 0) {
      throw new Fault('Drive config error: A root block device already exists!');
    }
    if (at >= 0) drives.splice(at, 1, drive);
    else drives.push(drive);
    drives.sort((one, other) => Number(other.is_root_device) - Number(one.is_root_device));
  }

  #putNetwork(body: unknown): void {
    const card = resource.networkInterface.parse(body);
    const cannot =
      'Network config error: Could not create the network device: Open tap device failed';
    this.#requireTap(card.host_dev_name, cannot);
    const others = this.#resources.networks.filter(({ iface_id }) => iface_id !== card.iface_id);
    if (card.guest_mac != null && others.some(({ guest_mac }) => guest_mac === card.guest_mac)) {
      throw new Fault(`Network config error: The MAC address is already in use: ${card.guest_mac}`);
    }
    this.#resources.networks = [...others, card];
  }

  /** Firecracker as root would make one of that name, for which nothing of ours has a use. */
  #requireTap(name: string, cannot: string): void {
    if (!this.#host.taps || existsSync(`/sys/class/net/${name}/tun_flags`)) return;
    throw new Fault(
      `${cannot}: Error while creating ifreq structure: Operation not permitted (os error 1). Invalid TUN/TAP Backend provided by ${name}. Check our documentation on setting up the network devices.`,
    );
  }

  async #putVsock(body: unknown): Promise<void> {
    const vsock = resource.vsock.parse(body);
    this.#vsock?.close();
    await this.#listen(
      vsock.uds_path,
      'Vsock config error: Cannot create backend for vsock device: Error binding to the host-side Unix socket: ',
    );
    this.#resources.vsock = vsock;
  }

  async #listen(path: string, cannot: string): Promise<void> {
    try {
      this.#vsock = await VsockBridge.listen(path);
    } catch (error) {
      throw new Fault(`${cannot}${osError(error)}`, { cause: error });
    }
  }

  #putBalloon(body: unknown): void {
    const balloon = resource.balloon.parse(body);
    if (balloon.amount_mib > this.#resources.machine.mem_size_mib) {
      throw new Fault('Balloon config error: Amount of pages requested is too large.');
    }
    this.#resources.balloon = balloon;
  }

  #balloonAnswer(part: string): unknown {
    const { balloon } = this.#resources;
    if (balloon === undefined) {
      throw new Fault(
        this.#machine === undefined
          ? 'Balloon config error: No balloon device found.'
          : 'Internal VMM error: Balloon: No balloon device found.',
      );
    }
    if (part === '') return balloon;
    if (part === 'statistics') return this.#balloonStatistics(balloon.stats_polling_interval_s);
    throw new Fault(`Invalid request method and/or path: GET balloon/${part}.`);
  }

  async #balloonStatistics(interval: number): Promise<unknown> {
    const machine = this.#booted;
    if (interval === 0) {
      throw new Fault('Internal VMM error: Balloon: Statistics are not enabled.');
    }
    const target = this.#resources.balloon?.amount_mib ?? 0;
    const actual = await machine.balloonMib();
    const stats = await machine.balloonStats();
    const known = {
      swap_in: stats['stat-swap-in'],
      swap_out: stats['stat-swap-out'],
      major_faults: stats['stat-major-faults'],
      minor_faults: stats['stat-minor-faults'],
      free_memory: stats['stat-free-memory'],
      total_memory: stats['stat-total-memory'],
      available_memory: stats['stat-available-memory'],
      disk_caches: stats['stat-disk-caches'],
    };
    // QEMU has the largest number for what the guest has not told.
    const told = Object.entries(known).filter(
      ([, value]) => value !== undefined && value < 2 ** 63,
    );
    return {
      target_pages: target * 256,
      actual_pages: actual * 256,
      target_mib: target,
      actual_mib: actual,
      ...Object.fromEntries(told),
    };
  }

  async #patchBalloon(body: unknown, part: string): Promise<void> {
    const { balloon, machine } = this.#resources;
    if (balloon === undefined) {
      throw new Fault('Balloon update error: Balloon: No balloon device found.');
    }
    if (part === 'statistics') {
      const { stats_polling_interval_s: interval } = z
        .object({ stats_polling_interval_s: z.int() })
        .parse(body);
      if ((interval === 0) !== (balloon.stats_polling_interval_s === 0)) {
        throw new Fault(
          'Balloon update error: Balloon: Statistics cannot be turned on/off after boot.',
        );
      }
      await this.#booted.pollBalloon(interval);
      balloon.stats_polling_interval_s = interval;
      return;
    }
    const { amount_mib: amount } = z.object({ amount_mib: z.int() }).parse(body);
    if (amount > machine.mem_size_mib) {
      throw new Fault('Balloon update error: Balloon: Amount of pages requested is too large.');
    }
    await this.#booted.inflateBalloon(amount);
    balloon.amount_mib = amount;
  }

  async #act(body: unknown): Promise<void> {
    const { action_type: action } = z
      .object({ action_type: z.enum(['FlushMetrics', 'InstanceStart', 'SendCtrlAltDel']) })
      .parse(body);
    switch (action) {
      case 'InstanceStart':
        if (this.#machine !== undefined) throw new Fault(POST_BOOT);
        return this.#start();
      case 'FlushMetrics':
        if (this.#machine === undefined) throw new Fault(PRE_BOOT);
        return;
      case 'SendCtrlAltDel':
        return this.#booted.pressCtrlAltDel();
    }
  }

  async #start(): Promise<void> {
    const { bootSource } = this.#resources;
    if (bootSource === undefined) {
      throw new Fault('Start microvm error: Cannot start microvm without kernel configuration.');
    }
    if (!isElf(bootSource.kernel_image_path)) {
      throw new Fault(
        'Start microvm error: Cannot load kernel due to invalid memory configuration or invalid kernel image: Kernel Loader: failed to load ELF kernel image',
      );
    }
    await this.#begin(GuestMachine.start(this.#machineOptions(), bootSource));
  }

  async #begin(starting: Promise<GuestMachine>): Promise<void> {
    this.#machine = await starting;
    this.#vsock?.attach(this.#machine);
    const interval = this.#resources.balloon?.stats_polling_interval_s ?? 0;
    if (interval > 0) await this.#machine.pollBalloon(interval);
  }

  #machineOptions() {
    const { qemu, taps, exit, writeConsole } = this.#host;
    return {
      ...{ tag: String(process.pid), qemu, taps, resources: this.#resources },
      onConsole: (text: Buffer) => writeConsole(text, this.#resources.serialFile),
      onEnd: (isOrderly: boolean) => exit(isOrderly ? 0 : 1),
    };
  }

  async #load(body: unknown): Promise<void> {
    const request = loadRequest.parse(body);
    if (this.#isConfigured) {
      throw new Fault(
        'Load snapshot error: Loading a microVM snapshot not allowed after configuring boot-specific resources.',
      );
    }
    try {
      await this.#restore(request, {
        state: request.snapshot_path,
        memory: request.mem_backend?.backend_path ?? request.mem_file_path ?? '',
      });
    } catch (error) {
      // Firecracker takes itself for too dirty to go on, once it has said so.
      setImmediate(() => this.#host.exit(1));
      const why = error instanceof Error ? error.message : String(error);
      throw new Fault(`Load snapshot error: Failed to restore from snapshot: ${why}`, {
        cause: error,
      });
    }
  }

  async #restore(request: z.infer<typeof loadRequest>, files: LoadedFiles): Promise<void> {
    const saved = this.#readState(files.state);
    for (const { iface_id, host_dev_name } of request.network_overrides) {
      const card = saved.networks.find((each) => each.iface_id === iface_id);
      if (card === undefined) {
        throw new Error('Failed to get snapshot state from file: Unknown Network Device.');
      }
      card.host_dev_name = host_dev_name;
    }
    if (request.vsock_override !== undefined) {
      if (saved.vsock === undefined) {
        throw new Error('Failed to get snapshot state from file: Unknown Vsock Device.');
      }
      saved.vsock.uds_path = request.vsock_override.uds_path;
    }
    requireMemory(files.memory, saved.machine.mem_size_mib);
    const building = 'Failed to build microVM from snapshot: ';
    for (const { path_on_host: path } of saved.drives) {
      requireFile(path, `${building}Unable to restore devices: Block: `, ` ${path}`);
    }
    for (const { host_dev_name } of saved.networks) {
      this.#requireTap(
        host_dev_name,
        `${building}Unable to restore devices: Net: Open tap device failed`,
      );
    }
    if (saved.vsock !== undefined) await this.#listen(saved.vsock.uds_path, `${building}Vsock: `);
    this.#resources = { ...this.#resources, ...saved };
    await this.#begin(GuestMachine.load(this.#machineOptions(), files));
    if (request.resume_vm) await this.#booted.resume();
  }

  #readState(file: string): resource.SavedResources {
    const reading = 'Failed to get snapshot state from file: ';
    try {
      return openState(file, snapshotVersion(this.#host.version));
    } catch (error) {
      const why =
        error instanceof SnapshotError
          ? `Failed to load snapshot state from file: ${error.message}`
          : `Failed to open snapshot file: ${osError(error)}`;
      throw new Error(`${reading}${why}`, { cause: error });
    }
  }

  async #setState(body: unknown): Promise<void> {
    const { state } = z.object({ state: z.enum(['Paused', 'Resumed']) }).parse(body);
    await (state === 'Paused' ? this.#booted.pause() : this.#booted.resume());
  }

  async #patchDrive(body: unknown, id: string): Promise<void> {
    const cannot = 'Drive config error: Unable to patch the block device: ';
    const { path_on_host: path } = z.object({ path_on_host: z.string().nullish() }).parse(body);
    const drive = this.#resources.drives.find(({ drive_id }) => drive_id === id);
    if (drive === undefined) {
      throw new Fault(
        `${cannot}Failed perform action on device: Device not found Please verify the request arguments.`,
      );
    }
    if (path == null) return;
    requireFile(
      path,
      `${cannot}Block: Virtio backend error: Error manipulating the backing file: `,
      ` ${path} Please verify the request arguments.`,
    );
    await this.#booted.patchDrive({ ...drive, path_on_host: path });
    drive.path_on_host = path;
  }

  #requireNetwork(id: string): void {
    if (this.#resources.networks.some(({ iface_id }) => iface_id === id)) return;
    throw new Fault(
      'Network config error: Unable to update the net device: Failed perform action on device: Device not found',
    );
  }

  async #save(body: unknown): Promise<void> {
    const request = saveRequest.parse(body);
    const machine = this.#booted;
    if (machine.isRunning) {
      throw new Fault(
        'Create snapshot error: Cannot save the microVM state: Operation not allowed: save/restore unavailable while running',
      );
    }
    const { machine: config, drives, networks, vsock, balloon, entropy } = this.#resources;
    const resources = { machine: config, drives, networks, vsock, balloon, entropy };
    const version = snapshotVersion(this.#host.version);
    try {
      await machine.save({ state: request.snapshot_path, memory: request.mem_file_path }, () =>
        sealState(request.snapshot_path, { version, resources }),
      );
    } catch (error) {
      throw new Fault(`Create snapshot error: ${osError(error)}`, { cause: error });
    }
  }
}

const loadRequest = z.object({
  snapshot_path: z.string(),
  mem_file_path: z.string().optional(),
  mem_backend: z.object({ backend_type: z.literal('File'), backend_path: z.string() }).optional(),
  resume_vm: z.boolean().default(false),
  network_overrides: z
    .array(z.object({ iface_id: z.string(), host_dev_name: z.string() }))
    .default([]),
  vsock_override: z.object({ uds_path: z.string() }).optional(),
});

const saveRequest = z.object({
  snapshot_path: z.string(),
  mem_file_path: z.string(),
  snapshot_type: z.literal('Full').default('Full'),
});

function object(body: unknown): object {
  return z.record(z.string(), z.unknown()).parse(body);
}

function requireFile(path: string, before: string, after = ''): void {
  try {
    closeSync(openSync(path, 'r'));
  } catch (error) {
    throw new Fault(`${before}${osError(error)}${after}`, { cause: error });
  }
}

function requireMemory(file: string, mib: number): void {
  const cannot = 'Failed to load guest memory: Error creating guest memory from file: ';
  const size = sizeOf(file, `${cannot}Failed to load guest memory: `);
  if (size < mib * 1024 * 1024) {
    throw new Error(`${cannot}Failed to restore guest memory: Invalid file size`);
  }
}

function sizeOf(file: string, cannot: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    throw new Error(`${cannot}${osError(error)}`, { cause: error });
  }
}

function isElf(file: string): boolean {
  const start = Buffer.alloc(4);
  const opened = openSync(file, 'r');
  readSync(opened, start);
  closeSync(opened);
  return start.toString('latin1') === '\x7fELF';
}

const osErrors: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory (os error 2)',
  EACCES: 'Permission denied (os error 13)',
  EISDIR: 'Is a directory (os error 21)',
  EINVAL: 'Invalid argument (os error 22)',
  ENOSPC: 'No space left on device (os error 28)',
  EADDRINUSE: 'Address in use (os error 98)',
};

/** As Rust says it */
function osError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return osErrors[code] ?? (error instanceof Error ? error.message : String(error));
}
