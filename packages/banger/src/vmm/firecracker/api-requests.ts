/**
 * The requests that the driver makes, as Firecracker describes them (its `src/firecracker/swagger/firecracker.yaml`).
 * Only what is used is here; a test holds every one against that file.
 */
export type ApiRequest =
  | { readonly method: 'GET'; readonly path: '/' }
  | Put<'/machine-config', MachineConfiguration>
  | Put<'/boot-source', BootSource>
  | Put<`/drives/${string}`, Drive>
  | Patch<`/drives/${string}`, DriveChange>
  | Put<`/network-interfaces/${string}`, NetworkInterface>
  | Patch<`/network-interfaces/${string}`, NetworkChange>
  | Put<'/vsock', { readonly guest_cid: number; readonly uds_path: string }>
  | Put<'/entropy', Readonly<Record<string, never>>>
  | Put<'/balloon', Balloon>
  | Put<'/actions', { readonly action_type: 'InstanceStart' }>
  | Patch<'/vm', { readonly state: 'Paused' | 'Resumed' }>
  | Put<'/snapshot/create', SnapshotCreation>
  | Put<'/snapshot/load', SnapshotLoad>;

interface Put<Path extends string, Body> {
  readonly method: 'PUT';
  readonly path: Path;
  readonly body: Body;
}

interface Patch<Path extends string, Body> {
  readonly method: 'PATCH';
  readonly path: Path;
  readonly body: Body;
}

interface MachineConfiguration {
  readonly vcpu_count: number;
  readonly mem_size_mib: number;
}

interface BootSource {
  readonly kernel_image_path: string;
  readonly initrd_path: string;
  readonly boot_args: string;
}

interface Drive {
  readonly drive_id: string;
  readonly path_on_host: string;
  readonly is_root_device: false;
  readonly is_read_only: boolean;
  /** `Writeback`: what the guest flushes is on the host's storage; `Unsafe`: it is not */
  readonly cache_type: 'Unsafe' | 'Writeback';
  readonly rate_limiter: RateLimiter;
}

/** Of a drive, or of one direction of a network card (Firecracker, `RateLimiter`) */
export interface RateLimiter {
  readonly bandwidth: TokenBucket;
  readonly ops: TokenBucket;
}

/** Taken from by each transfer, and full again after `refill_time` milliseconds; one without size limits nothing */
export interface TokenBucket {
  readonly size: number;
  readonly refill_time: number;
}

/** What is left out stays as it is. */
interface DriveChange {
  readonly drive_id: string;
  readonly path_on_host?: string;
  readonly rate_limiter?: RateLimiter;
}

interface NetworkInterface {
  readonly iface_id: string;
  readonly host_dev_name: string;
  readonly guest_mac: string;
  /** What the guest receives */
  readonly rx_rate_limiter: RateLimiter;
  /** What it sends */
  readonly tx_rate_limiter: RateLimiter;
}

interface NetworkChange {
  readonly iface_id: string;
  readonly rx_rate_limiter: RateLimiter;
  readonly tx_rate_limiter: RateLimiter;
}

interface Balloon {
  readonly amount_mib: 0;
  readonly deflate_on_oom: true;
  /** None */
  readonly stats_polling_interval_s: 0;
  /** From 1.14 */
  readonly free_page_reporting: true;
}

interface SnapshotCreation {
  readonly snapshot_type: 'Full';
  readonly snapshot_path: string;
  readonly mem_file_path: string;
}

interface SnapshotLoad {
  readonly snapshot_path: string;
  readonly mem_backend: { readonly backend_type: 'File'; readonly backend_path: string };
  readonly resume_vm: false;
  /** From 1.12 */
  readonly network_overrides: readonly {
    readonly iface_id: string;
    readonly host_dev_name: string;
  }[];
}

/** `PUT /drives/base`, for people */
export function nameOf({ method, path }: ApiRequest): string {
  return `${method} ${path}`;
}
