/**
 * What Firecracker does with a request whose form is right (src/vmm/src/rpc_interface.rs). A machine is configured, then
 * started, or it is loaded; from then on other requests are good. Refusals are in its own words.
 */
import * as z from 'zod';

import { describeBalloon, patchBalloon } from './balloon.ts';
import * as configure from './configure.ts';
import { GuestMachine } from './guest-machine.ts';
import { parseLoadRequest, savedMachine } from './load-request.ts';
import { Fault, osError, POST_BOOT, PRE_BOOT, requireFile } from './refusals.ts';
import { changedCard, changedLimiter } from './rate-limits.ts';
import * as resource from './resources.ts';
import { sealState } from './snapshot-file.ts';
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

/** Of a request: undefined where there is nothing to say. `rest` is the second part of the path. */
type Handler = (body: unknown, rest: string) => unknown;
type Handlers = Readonly<Record<string, Handler>>;

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
    const [, kind = '', rest = ''] = path.split('/');
    const find = (handlers: Handlers) =>
      handlers[`${method} ${path}`] ?? handlers[`${method} /${kind}`];
    const isBooted = this.#machine !== undefined;
    const configuring = isBooted ? undefined : find(this.#configuring);
    if (configuring !== undefined) this.#isConfigured = true;
    const handler =
      find(this.#always) ?? configuring ?? find(isBooted ? this.#postBoot : this.#preBoot);
    if (handler === undefined) throw new Fault(isBooted ? POST_BOOT : PRE_BOOT);
    return await handler(body, rest);
  }

  kill(): void {
    this.#machine?.kill();
  }

  readonly #always: Handlers = {
    'GET /': () => this.#describe(),
    'GET /version': () => ({ firecracker_version: this.#host.version }),
    'GET /machine-config': () => this.#resources.machine,
    'GET /vm/config': () => this.#configuration(),
    'GET /balloon': (_body, part) => describeBalloon(this.#resources, part, this.#machine),
    'PUT /actions': (body) => this.#act(body),
  };

  /** After these nothing can be loaded. */
  readonly #configuring: Handlers = {
    'PUT /boot-source': (body) => configure.setBootSource(this.#resources, body),
    'PUT /machine-config': (body) => configure.setMachine(this.#resources, body),
    'PATCH /machine-config': (body) => {
      const change = z.record(z.string(), z.unknown()).parse(body);
      configure.setMachine(this.#resources, { ...this.#resources.machine, ...change });
    },
    'PUT /drives': (body) => configure.putDrive(this.#resources, body),
    'PUT /network-interfaces': (body) =>
      configure.putNetwork(this.#resources, body, this.#host.taps),
    'PUT /vsock': (body) => this.#putVsock(body),
    'PUT /balloon': (body) => configure.putBalloon(this.#resources, body),
    'PUT /entropy': (body) => {
      this.#resources.entropy = resource.entropy.parse(body);
    },
  };

  readonly #preBoot: Handlers = {
    'PUT /logger': () => undefined,
    'PUT /metrics': () => undefined,
    'PUT /serial': (body) => {
      const { serial_out_path: file } = resource.serial.parse(body);
      if (file != null) this.#resources.serialFile = file;
    },
    'PUT /snapshot/load': (body) => this.#load(body),
  };

  readonly #postBoot: Handlers = {
    'PATCH /vm': (body) => this.#setState(body),
    'PATCH /drives': (body, id) => this.#patchDrive(body, id),
    'PATCH /network-interfaces': (body, id) => this.#patchNetwork(body, id),
    'PATCH /balloon': (body, part) => patchBalloon(this.#resources, { body, part }, this.#booted),
    'PUT /snapshot/create': (body) => this.#save(body),
  };

  get #booted(): GuestMachine {
    if (this.#machine === undefined) throw new Fault(PRE_BOOT);
    return this.#machine;
  }

  #describe() {
    const state = this.#machine?.isRunning === true ? 'Running' : 'Paused';
    return {
      id: this.#host.id,
      state: this.#machine === undefined ? 'Not started' : state,
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

  async #putVsock(body: unknown): Promise<void> {
    const vsock = resource.vsock.parse(body);
    this.#vsock?.close();
    const cannot = 'Cannot create backend for vsock device: Error binding to the host-side socket';
    await this.#listen(vsock.uds_path, `Vsock config error: ${cannot}: `);
    this.#resources.vsock = vsock;
  }

  async #listen(path: string, cannot: string): Promise<void> {
    try {
      this.#vsock = await VsockBridge.listen(path);
    } catch (error) {
      throw new Fault(`${cannot}${osError(error)}`, { cause: error });
    }
  }

  async #act(body: unknown): Promise<void> {
    const { action_type: action } = resource.action.parse(body);
    switch (action) {
      case 'InstanceStart': {
        if (this.#machine !== undefined) throw new Fault(POST_BOOT);
        const source = configure.bootableSource(this.#resources);
        return this.#begin(GuestMachine.start(this.#machineOptions(), source));
      }
      case 'FlushMetrics':
        if (this.#machine === undefined) throw new Fault(PRE_BOOT);
        return;
      case 'SendCtrlAltDel':
        return this.#booted.pressCtrlAltDel();
    }
  }

  async #begin(starting: Promise<GuestMachine>): Promise<void> {
    this.#machine = await starting;
    this.#vsock?.attach(this.#machine);
    for (const drive of this.#resources.drives) await this.#machine.limitDrive(drive);
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
    const request = parseLoadRequest(body);
    const cannot = 'Load snapshot error: ';
    if (this.#isConfigured) {
      throw new Fault(
        `${cannot}Loading a microVM snapshot not allowed after configuring boot-specific resources.`,
      );
    }
    try {
      const version = snapshotVersion(this.#host.version);
      const saved = savedMachine(request, { version, taps: this.#host.taps });
      if (saved.vsock !== undefined) {
        await this.#listen(saved.vsock.uds_path, 'Failed to build microVM from snapshot: Vsock: ');
      }
      this.#resources = { ...this.#resources, ...saved };
      await this.#begin(GuestMachine.load(this.#machineOptions(), request.files));
      if (request.resume_vm) await this.#booted.resume();
    } catch (error) {
      // Firecracker takes itself for too dirty to go on, once it has said so.
      setImmediate(() => this.#host.exit(1));
      const why = error instanceof Error ? error.message : String(error);
      throw new Fault(`${cannot}Failed to restore from snapshot: ${why}`, { cause: error });
    }
  }

  async #setState(body: unknown): Promise<void> {
    const { state } = resource.vmState.parse(body);
    await (state === 'Paused' ? this.#booted.pause() : this.#booted.resume());
  }

  async #patchDrive(body: unknown, id: string): Promise<void> {
    const cannot = 'Drive config error: Unable to patch the block device: ';
    const { path_on_host: path, rate_limiter: limiter } = resource.drivePatch.parse(body);
    const drive = this.#resources.drives.find(({ drive_id }) => drive_id === id);
    if (drive === undefined) {
      throw new Fault(
        `${cannot}Failed perform action on device: Device not found Please verify the request arguments.`,
      );
    }
    if (path != null) {
      requireFile(
        path,
        `${cannot}Block: Virtio backend error: Error manipulating the backing file: `,
        ` ${path} Please verify the request arguments.`,
      );
      await this.#booted.patchDrive({ ...drive, path_on_host: path });
      drive.path_on_host = path;
    }
    drive.rate_limiter = changedLimiter(drive.rate_limiter, limiter);
    await this.#booted.limitDrive(drive);
  }

  #patchNetwork(body: unknown, id: string): void {
    const card = this.#resources.networks.find(({ iface_id }) => iface_id === id);
    if (card === undefined) {
      throw new Fault(
        'Network config error: Unable to update the net device: Failed perform action on device: Device not found',
      );
    }
    Object.assign(card, changedCard(card, resource.networkPatch.parse(body)));
  }

  async #save(body: unknown): Promise<void> {
    const request = resource.saveRequest.parse(body);
    const cannot = 'Create snapshot error: ';
    if (this.#booted.isRunning) {
      throw new Fault(
        `${cannot}Cannot save the microVM state: Operation not allowed: save/restore unavailable while running`,
      );
    }
    const resources = resource.savedResources.parse(this.#resources);
    const version = snapshotVersion(this.#host.version);
    const files = { state: request.snapshot_path, memory: request.mem_file_path };
    try {
      await this.#booted.save(files, () => sealState(files.state, { version, resources }));
    } catch (error) {
      throw new Fault(`${cannot}Cannot write memory file: ${osError(error)}`, { cause: error });
    }
  }
}
