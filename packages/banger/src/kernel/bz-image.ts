/**
 * Finds the compressed kernel inside a `vmlinuz`, by the header that the x86 boot protocol keeps for exactly this
 * (Documentation/arch/x86/boot.rst: setup_sects, version, payload_offset, payload_length; since 2.08).
 */
export function payloadOf(image: Buffer): Buffer {
  if (image.length < HEADER_END || image.toString('latin1', 0x202, 0x206) !== 'HdrS') {
    throw new Error('this is not a bzImage: it has no boot protocol header');
  }
  const version = image.readUInt16LE(0x206);
  if (version < 0x208) {
    throw new Error(`boot protocol ${version.toString(16)} has no payload fields`);
  }
  const setupSectors = image.readUInt8(0x1f1) || 4; // 0 means 4, for historical reasons.
  const start = (setupSectors + 1) * SECTOR_BYTES + image.readUInt32LE(0x248);
  const end = start + image.readUInt32LE(0x24c);
  if (end > image.length || end - start < 8) {
    throw new Error(
      `its payload would be bytes ${String(start)} to ${String(end)} of ${String(image.length)}`,
    );
  }
  return image.subarray(start, end);
}

const SECTOR_BYTES = 512;
const HEADER_END = 0x250;
