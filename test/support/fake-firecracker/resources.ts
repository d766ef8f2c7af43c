/** What a machine is configured with, in the words of Firecracker's API. */
import * as z from 'zod';

import { rateLimiter } from './rate-limits.ts';

const limiter = rateLimiter.nullish();

export const bootSource = z.object({
  kernel_image_path: z.string(),
  initrd_path: z.string().nullish(),
  boot_args: z.string().nullish(),
});
export const machineConfig = z.object({
  vcpu_count: z.int().min(1).max(32),
  mem_size_mib: z.int(),
  smt: z.boolean().default(false),
  track_dirty_pages: z.boolean().default(false),
  huge_pages: z.enum(['None', 'Transparent', '2M']).default('None'),
});
export const drive = z.object({
  drive_id: z.string(),
  is_root_device: z.boolean(),
  partuuid: z.string().nullish(),
  cache_type: z.enum(['Unsafe', 'Writeback']).default('Unsafe'),
  is_read_only: z.boolean().default(false),
  path_on_host: z.string(),
  rate_limiter: limiter,
  io_engine: z.enum(['Sync', 'Async']).default('Sync'),
});
export const networkInterface = z.object({
  iface_id: z.string(),
  host_dev_name: z.string(),
  guest_mac: z.string().nullish(),
  mtu: z.int().nullish(),
  rx_rate_limiter: limiter,
  tx_rate_limiter: limiter,
});
export const vsock = z.object({ guest_cid: z.int(), uds_path: z.string() });
export const balloon = z.object({
  amount_mib: z.int(),
  deflate_on_oom: z.boolean(),
  stats_polling_interval_s: z.int().default(0),
  free_page_hinting: z.boolean().default(false),
  free_page_reporting: z.boolean().default(false),
});
export const entropy = z.object({ rate_limiter: limiter });

export const serial = z.object({ serial_out_path: z.string().nullish() });
export const drivePatch = z.object({ path_on_host: z.string().nullish(), rate_limiter: limiter });
export const networkPatch = z.object({ rx_rate_limiter: limiter, tx_rate_limiter: limiter });
export const vmState = z.object({ state: z.enum(['Paused', 'Resumed']) });
export const action = z.object({
  action_type: z.enum(['FlushMetrics', 'InstanceStart', 'SendCtrlAltDel']),
});
export const saveRequest = z.object({
  snapshot_path: z.string(),
  mem_file_path: z.string(),
  snapshot_type: z.literal('Full').default('Full'),
});

/** What a snapshot carries; the console's file and the boot source it does not. */
export const savedResources = z.object({
  machine: machineConfig,
  drives: z.array(drive),
  networks: z.array(networkInterface),
  vsock: vsock.optional(),
  balloon: balloon.optional(),
  entropy: entropy.optional(),
});

export type Drive = z.infer<typeof drive>;
export type SavedResources = z.infer<typeof savedResources>;
export type BootSource = z.infer<typeof bootSource>;

export interface Resources {
  machine: z.infer<typeof machineConfig>;
  /** The root device comes first, whenever it was put. */
  drives: Drive[];
  networks: z.infer<typeof networkInterface>[];
  vsock?: z.infer<typeof vsock> | undefined;
  balloon?: z.infer<typeof balloon> | undefined;
  entropy?: z.infer<typeof entropy> | undefined;
  bootSource?: BootSource;
  serialFile?: string;
}

export function emptyResources(): Resources {
  return {
    machine: machineConfig.parse({ vcpu_count: 1, mem_size_mib: 128 }),
    drives: [],
    networks: [],
  };
}
