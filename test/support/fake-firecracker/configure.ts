/** What is put before a machine is started; each changes `resources` or throws a `Fault`. */
import { closeSync, openSync, readSync } from 'node:fs';

import { Fault, requireFile, requireTap } from './refusals.ts';
import { changedCard, changedLimiter } from './rate-limits.ts';
import * as resource from './resources.ts';

export function setBootSource(resources: resource.Resources, body: unknown): void {
  const source = resource.bootSource.parse(body);
  const cannot = {
    kernel: 'Boot source error: The kernel file cannot be opened: ',
    initrd:
      'Boot source error: The initrd file cannot be opened due to invalid path or invalid permissions. ',
  };
  requireFile(source.kernel_image_path, cannot.kernel);
  if (source.initrd_path != null) requireFile(source.initrd_path, cannot.initrd);
  resources.bootSource = source;
}

export function setMachine(resources: resource.Resources, body: unknown): void {
  const machine = resource.machineConfig.parse(body);
  if (machine.mem_size_mib <= 0) {
    throw new Fault(
      'Machine config error: The memory size (MiB) is either 0, or not a multiple of the configured page size.',
    );
  }
  resources.machine = machine;
}

export function putDrive({ drives }: resource.Resources, body: unknown): void {
  const wanted = resource.drive.parse(body);
  const drive = { ...wanted, rate_limiter: changedLimiter(undefined, wanted.rate_limiter) };
  requireFile(
    drive.path_on_host,
    'Drive config error: Unable to create the virtio block device: Virtio backend error: Error manipulating the backing file: ',
    ` ${drive.path_on_host}`,
  );
  const at = drives.findIndex(({ drive_id }) => drive_id === drive.drive_id);
  if (drive.is_root_device && drives[0]?.is_root_device === true && at !== 0) {
    throw new Fault('Drive config error: A root block device already exists!');
  }
  if (at >= 0) drives.splice(at, 1, drive);
  else drives.push(drive);
  drives.sort((one, other) => Number(other.is_root_device) - Number(one.is_root_device));
}

export function putNetwork(resources: resource.Resources, body: unknown, taps: boolean): void {
  const wanted = resource.networkInterface.parse(body);
  const card = { ...wanted, ...changedCard({}, wanted) };
  if (taps) {
    requireTap(card.host_dev_name, 'Network config error: Could not create the network device');
  }
  const others = resources.networks.filter(({ iface_id }) => iface_id !== card.iface_id);
  if (card.guest_mac != null && others.some(({ guest_mac }) => guest_mac === card.guest_mac)) {
    throw new Fault(`Network config error: The MAC address is already in use: ${card.guest_mac}`);
  }
  resources.networks = [...others, card];
}

export function putBalloon(resources: resource.Resources, body: unknown): void {
  const balloon = resource.balloon.parse(body);
  if (balloon.amount_mib > resources.machine.mem_size_mib) {
    throw new Fault('Balloon config error: Amount of pages requested is too large.');
  }
  resources.balloon = balloon;
}

/** Where the machine is to start from */
export function bootableSource({ bootSource }: resource.Resources): resource.BootSource {
  if (bootSource === undefined) {
    throw new Fault('Start microvm error: Cannot start microvm without kernel configuration.');
  }
  if (isElf(bootSource.kernel_image_path)) return bootSource;
  throw new Fault(
    'Start microvm error: Cannot load kernel due to invalid memory configuration or invalid kernel image: Kernel Loader: failed to load ELF kernel image',
  );
}

function isElf(file: string): boolean {
  const start = Buffer.alloc(4);
  const opened = openSync(file, 'r');
  readSync(opened, start);
  closeSync(opened);
  return start.toString('latin1') === '\x7fELF';
}
