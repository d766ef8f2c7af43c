/**
 * What the agent needs before it can mount the modules disk, in this order; what these need is added from
 * `modules.dep`. `virtio_ring` before `virtio` and the transports before the devices comes from there too.
 */
export const bootModules = [
  'virtio_pci',
  'virtio_mmio',
  'virtio_blk',
  'virtio_console',
  'virtio_rng',
  'vmgenid',
  'virtio_net',
  'vmw_vsock_virtio_transport',
  'crc32c_generic',
  'crc32c_intel',
  'ext4',
  'overlay',
] as const;

/**
 * Of these, what the agent loads only when it is told to boot: a machine that is saved before must not have looked at
 * its disks, since it is restored with others.
 */
export const lateModules: ReadonlySet<string> = new Set(['virtio_blk']);
