import { payloadOf } from './bz-image.ts';
import { unpackLegacyLz4 } from './lz4-legacy.ts';

const LARGEST_KERNEL_BYTES = 256 * 1024 * 1024;

/** The uncompressed ELF kernel inside a `vmlinuz`, which QEMU (through PVH) and Firecracker start directly. */
export function unpackVmlinuz(image: Buffer): Buffer {
  const payload = payloadOf(image);
  const sizeBytes = payload.readUInt32LE(payload.length - 4);
  if (sizeBytes > LARGEST_KERNEL_BYTES) {
    throw new Error(`it claims to hold a kernel of ${String(sizeBytes)} bytes`);
  }
  const kernel = unpackLegacyLz4(payload.subarray(0, -4), sizeBytes);
  if (kernel.toString('latin1', 0, 4) !== '\x7fELF')
    throw new Error('what it holds is not an ELF file');
  return kernel;
}
