import { optionList } from '../../../packages/banger/src/vmm/qemu/option-list.ts';
import type { BootSource, Drive, Resources } from './resources.ts';

/** Descriptors that QEMU inherits */
export const MONITOR_FD = 3;
export const STATE_FD = 4;
export const MEMORY_FD = 5;

/** The agent's ports, by the vsock port that stands for each */
export const guestPorts: ReadonlyMap<number, string> = new Map([
  [1024, 'agent.0'],
  [1025, 'agent.1'],
]);

export interface QemuStart {
  /** What names this process's sockets, which have no path and so leave nothing */
  readonly tag: string;
  readonly resources: Resources;
  /** Null to load a state */
  readonly bootSource: BootSource | null;
  /** It inherits the file that its memory is mapped from; otherwise it has memory of its own */
  readonly hasMemoryFile: boolean;
  /** Without it a card is connected to nothing */
  readonly taps: boolean;
}

/**
 * QEMU as the machine that Firecracker would be: devices come in a fixed order, drives without a serial, one after the
 * other. Its memory is always where a save finds it: in the file that it inherits, or in one without a name.
 */
export function qemuArguments(start: QemuStart): readonly string[] {
  const { resources, hasMemoryFile, bootSource } = start;
  const { machine, drives, balloon, entropy } = resources;
  const unused = { usb: false, sata: false, smbus: false, vmport: false, 'suppress-vmdesc': true };
  const board = { accel: 'tcg', ...unused };
  const size = `${String(machine.mem_size_mib)}M`;
  return [
    ...['-no-user-config', '-nodefaults', '-display', 'none', '-S'],
    ...['-machine', optionList('q35', { ...board, 'memory-backend': 'ram' })],
    ...['-cpu', 'max,-erms,-fsrm', '-smp', String(machine.vcpu_count), '-m', size],
    '-object',
    hasMemoryFile
      ? optionList('memory-backend-file', {
          id: 'ram',
          size,
          'mem-path': `/proc/self/fd/${String(MEMORY_FD)}`,
          share: false,
        })
      : optionList('memory-backend-memfd', { id: 'ram', size }),
    ...['-global', 'migration.send-configuration=off', '-action', 'reboot=shutdown'],
    ...['-rtc', 'base=utc,clock=host'],
    ...['-chardev', optionList('socket', { id: 'monitor', fd: MONITOR_FD })],
    ...['-mon', 'chardev=monitor,mode=control'],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...(bootSource === null ? ['-incoming', 'defer'] : kernel(bootSource)),
    ...['-device', 'virtio-serial-pci,id=ports,max_ports=3'],
    ...[...guestPorts.values()].flatMap((name, index) => port(start.tag, name, index + 1)),
    ...drives.flatMap(driveArguments),
    ...resources.networks.flatMap(({ iface_id, host_dev_name, guest_mac }) => {
      const tap = { id: iface_id, ifname: host_dev_name, script: 'no', downscript: 'no' };
      const card = { netdev: iface_id, mac: guest_mac ?? undefined, romfile: '' };
      return [
        '-netdev',
        start.taps ? optionList('tap', tap) : optionList('hubport', { id: iface_id, hubid: 0 }),
        '-device',
        optionList('virtio-net-pci', card),
      ];
    }),
    ...(balloon
      ? [
          '-device',
          optionList('virtio-balloon-pci', {
            id: 'balloon',
            'deflate-on-oom': balloon.deflate_on_oom,
            'free-page-reporting': balloon.free_page_reporting,
          }),
        ]
      : []),
    ...(entropy ? ['-object', 'rng-builtin,id=rng0', '-device', 'virtio-rng-pci,rng=rng0'] : []),
    ...['-device', 'vmgenid,guid=auto'],
  ];
}

/** An abstract one: it goes with the process, however that ends. */
export function portSocket(tag: string, name: string): string {
  return `fake-firecracker-${tag}-${name}`;
}

/** Of a drive's file, as a node that another one can take the place of */
export function fileNode({ path_on_host, is_read_only }: Drive, name: string) {
  return {
    driver: 'file',
    'node-name': name,
    filename: path_on_host,
    'read-only': is_read_only,
    locking: 'off',
  };
}

/** What reads and writes that node; nothing that the guest discards is given back, as with Firecracker. */
export function driveNode({ drive_id, is_read_only, cache_type }: Drive, file: string) {
  return {
    driver: 'raw',
    'node-name': drive_id,
    'read-only': is_read_only,
    cache: { direct: false, 'no-flush': cache_type === 'Unsafe' },
    file,
  };
}

function driveArguments(drive: Drive): readonly string[] {
  const file = `${drive.drive_id}-file`;
  return [
    ...['-blockdev', JSON.stringify(fileNode(drive, file))],
    ...['-blockdev', JSON.stringify(driveNode(drive, file))],
    '-device',
    optionList('virtio-blk-pci', {
      drive: drive.drive_id,
      id: `drive-${drive.drive_id}`,
      werror: 'report',
      rerror: 'report',
    }),
  ];
}

function port(tag: string, name: string, number: number): readonly string[] {
  const socket = { id: name, path: portSocket(tag, name), abstract: true };
  return [
    ...['-chardev', optionList('socket', { ...socket, server: true, wait: false })],
    '-device',
    optionList('virtserialport', { bus: 'ports.0', nr: number, chardev: name, name, id: name }),
  ];
}

/** Firecracker has no PCI bus, and the kernel may have been told so. */
function kernel({ kernel_image_path, initrd_path, boot_args }: BootSource): readonly string[] {
  const append = (boot_args ?? 'reboot=k panic=1').replace(/(^| )pci=off\b/, '');
  return [
    ...['-kernel', kernel_image_path, '-append', `${append} no_timer_check`],
    ...(initrd_path == null ? [] : ['-initrd', initrd_path]),
  ];
}
