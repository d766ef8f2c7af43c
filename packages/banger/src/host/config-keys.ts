import { z } from 'zod';

import { MAX_MIB, parseMib } from '@banger/protocol/size';

import { networkKeys } from './network-keys.ts';
import { parseHostPort } from './parse-host-port.ts';

/**
 * Every configuration key: what it takes and what it is when nobody says anything. `undefined` as a default means
 * that the value is found on the host when it is needed (`config show` says so).
 */
const MibText = z
  .union([z.string(), z.int()])
  .transform((value) => parseMib(String(value)))
  .pipe(z.int({ error: 'a size such as "512M", "4G" or a number of MiB' }).positive());

const AbsolutePath = z.string().startsWith('/', { error: 'an absolute path' });
const HomePath = z
  .string()
  .regex(/^(?:\/|~\/.)/, { error: 'an absolute path, or one that begins with "~/"' });
const Url = z.url({ protocol: /^(https?|file)$/, error: 'a URL with http, https or file' });
const Count = z.coerce
  .number({ error: 'a whole number above zero' })
  .pipe(
    z.int({ error: 'a whole number above zero' }).positive({ error: 'a whole number above zero' }),
  );

const NoLimit = z.literal('none');

const NOT_A_COUNT_OR_NONE = 'a whole number, 0 for none';
const CountOrNone = z.coerce
  .number({ error: NOT_A_COUNT_OR_NONE })
  .pipe(z.int({ error: NOT_A_COUNT_OR_NONE }).nonnegative({ error: NOT_A_COUNT_OR_NONE }));

const Switch = z
  .union([z.boolean(), z.enum(['true', 'false', '1', '0'])], { error: 'true or false' })
  .transform((value) => [true, 'true', '1'].includes(value));

const NOT_A_LISTEN_ADDRESS = 'an address with a port such as "127.0.0.1:42069", or "off"';
const ListenAddress = z
  .string({ error: NOT_A_LISTEN_ADDRESS })
  .refine((text) => text === 'off' || parseHostPort(text) !== undefined, {
    error: NOT_A_LISTEN_ADDRESS,
  });

const BYTES_PER_MIB = 1024 * 1024;
const NOT_BYTES = 'a size such as "20G" or a number of bytes';
const Bytes = z
  .union([z.string(), z.number()], { error: NOT_BYTES })
  .transform((value) => parseBytes(String(value)))
  .pipe(z.int({ error: NOT_BYTES }).positive({ error: NOT_BYTES }));

/** A bare number is bytes; with a unit it is a size like all others. */
function parseBytes(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_MIB * BYTES_PER_MIB);
  const mib = parseMib(text);
  return mib === undefined ? undefined : mib * BYTES_PER_MIB;
}

export const configKeys = {
  log_level: { schema: z.enum(['debug', 'info', 'warn', 'error']), fallback: 'info' },
  default_image: { schema: z.string().min(1), fallback: 'debian-bookworm' },
  default_kernel: { schema: z.string().min(1), fallback: 'debian-6.1' },
  vmm: { schema: z.enum(['auto', 'firecracker', 'qemu']), fallback: 'auto' },
  accel: { schema: z.enum(['auto', 'kvm', 'tcg']), fallback: 'auto' },
  qemu_bin: { schema: AbsolutePath, fallback: undefined },
  firecracker_bin: { schema: AbsolutePath, fallback: undefined },
  jailer_bin: { schema: AbsolutePath, fallback: undefined },
  jailer_enabled: { schema: Switch, fallback: true },
  ...networkKeys,
  ssh_key_path: { schema: HomePath, fallback: undefined },
  dns_listen: { schema: ListenAddress, fallback: '127.0.0.1:42069' },
  debian_mirror: { schema: Url, fallback: undefined },
  debian_security_mirror: { schema: Url, fallback: undefined },
  'vm_defaults.vcpu': { schema: Count, fallback: undefined },
  'vm_defaults.memory': { schema: MibText, fallback: undefined },
  'vm_defaults.disk_size': { schema: MibText, fallback: 8192 },
  'vm_defaults.overlay_size': { schema: MibText, fallback: 8192 },
  'vm_defaults.disk_bandwidth': { schema: z.union([NoLimit, MibText]), fallback: 'none' },
  'vm_defaults.disk_iops': { schema: z.union([NoLimit, Count]), fallback: 'none' },
  'vm_defaults.network_bandwidth': { schema: z.union([NoLimit, MibText]), fallback: 'none' },
  'templates.enabled': { schema: Switch, fallback: true },
  'templates.max_bytes': { schema: Bytes, fallback: 20 * 1024 * BYTES_PER_MIB },
  'templates.standby': { schema: CountOrNone, fallback: 1 },
} as const satisfies Record<string, { schema: z.ZodType; fallback: unknown }>;

export type ConfigKey = keyof typeof configKeys;

type ValueOf<Key extends ConfigKey> =
  | z.output<(typeof configKeys)[Key]['schema']>
  | ((typeof configKeys)[Key]['fallback'] extends undefined ? undefined : never);

/** Effective values, by key. */
export type ConfigValues = { readonly [Key in ConfigKey]: ValueOf<Key> };

export function isConfigKey(text: string): text is ConfigKey {
  return Object.hasOwn(configKeys, text);
}

/** `vm_defaults.memory` is `BANGER_VM_DEFAULTS_MEMORY`. */
export function variableOf(key: ConfigKey): string {
  return `BANGER_${key.replace('.', '_').toUpperCase()}`;
}
