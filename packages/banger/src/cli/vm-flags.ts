import { parseDurationMs, parseMib } from '@banger/protocol/size-text';
import { VM_NAME, VM_NAME_RULE } from '@banger/protocol/vm-name';

import type { PublishedPort } from '@banger/sdk';

import { flag, refuse, valueFlag, type Flag, type FlagOptions } from './flags.ts';
import { parsePorts } from './port-texts.ts';

const mib = (about: string, options: FlagOptions = {}) =>
  valueFlag(
    about,
    (text) =>
      parseMib(text) ?? refuse(`"${text}" is not a size such as 512M, 4G or a number of MiB`),
    { placeholder: 'SIZE', ...options },
  );

export const duration = (about: string, options: FlagOptions = {}) =>
  valueFlag(
    about,
    (text) => parseDurationMs(text) ?? refuse(`"${text}" is not a duration such as 90s, 10m or 2h`),
    { placeholder: 'DURATION', ...options },
  );

export const vmName = (about: string, options: FlagOptions = {}) =>
  valueFlag(about, (text) => (VM_NAME.test(text) ? text : refuse(`"${text}": ${VM_NAME_RULE}`)), {
    placeholder: 'NAME',
    ...options,
  });

const ports = (about: string): Flag<readonly PublishedPort[]> => ({
  placeholder: '[[IP:]HOST:]GUEST',
  about,
  read: (texts) => texts.map((text) => parsePorts(text, 1)),
});

/** `none` takes a limit away. */
const limit = <T>(of: Flag<T | undefined>): Flag<T | null | undefined> => ({
  ...of,
  placeholder: `${of.placeholder ?? ''}|none`,
  read: (texts) => (texts.at(-1) === 'none' ? null : of.read(texts)),
});

/** What `vm set` can change too. */
export const sizeFlags = {
  vcpu: flag.count('Virtual CPUs', { default: 'vm_defaults.vcpu, else from the host' }),
  memory: mib('Memory', { default: 'vm_defaults.memory, else from the host' }),
  diskSize: mib('Size of the disk at /root', { default: 'vm_defaults.disk_size' }),
  nat: flag.toggle('Reach the outside through the host', {
    default: 'yes, with --network bridge no',
  }),
  diskBandwidth: limit(
    mib('What each disk may read and write in a second', { default: 'vm_defaults.disk_bandwidth' }),
  ),
  diskIops: limit(
    flag.count('Reads and writes of each disk in a second', { default: 'vm_defaults.disk_iops' }),
  ),
  networkBandwidth: limit(
    mib('What it may send, and what receive, in a second; with Firecracker only', {
      default: 'vm_defaults.network_bandwidth',
    }),
  ),
};

/** What a VM is made of. */
export const specFlags = {
  name: vmName('Name', { default: 'made up' }),
  image: flag.text('Image to boot', { placeholder: 'IMAGE', default: 'default_image' }),
  kernel: flag.text('Kernel to boot', { placeholder: 'KERNEL', default: "the image's" }),
  ...sizeFlags,
  vmm: flag.choice('Virtual machine monitor', ['auto', 'qemu', 'firecracker']),
  accel: flag.choice('Accelerator', ['auto', 'kvm', 'tcg']),
  network: flag.choice('How it reaches others', ['auto', 'user', 'bridge'], { default: 'network' }),
  isolate: flag.toggle('On a bridge: apart from other VMs; two that are not reach each other', {
    default: 'yes',
  }),
  publish: ports(
    'Port of this host that leads to one of the guest whenever it runs; on 127.0.0.1 unless an address is given',
  ),
  noTemplate: flag.boolean('Boot cold, whatever is kept warm'),
};
