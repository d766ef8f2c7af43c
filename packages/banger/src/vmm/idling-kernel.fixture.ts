/**
 * The smallest thing that QEMU boots as a kernel: an ELF file with the PVH note, whose entry halts for ever. Layout:
 * ELF header, two program headers (load, note), the note, the code.
 */
export function idlingKernel(): Buffer {
  const base = 0x100000;
  const noteOffset = 0xb0;
  const codeOffset = 0xd0;
  const file = Buffer.alloc(0xe0);

  file.write('\x7fELF\x02\x01\x01', 'latin1');
  file.writeUInt16LE(2, 0x10); // ET_EXEC
  file.writeUInt16LE(62, 0x12); // EM_X86_64
  file.writeUInt32LE(1, 0x14);
  file.writeBigUInt64LE(BigInt(base + codeOffset), 0x18); // entry
  file.writeBigUInt64LE(0x40n, 0x20); // program headers
  file.writeUInt16LE(0x40, 0x34);
  file.writeUInt16LE(0x38, 0x36);
  file.writeUInt16LE(2, 0x38);
  programHeader(0x40, { type: 1, flags: 7, offset: 0, address: base, bytes: file.length });
  programHeader(0x78, {
    type: 4,
    flags: 4,
    offset: noteOffset,
    address: base + noteOffset,
    bytes: 0x18,
  });

  file.writeUInt32LE(4, noteOffset); // length of the name
  file.writeUInt32LE(8, noteOffset + 4); // length of the value
  file.writeUInt32LE(18, noteOffset + 8); // XEN_ELFNOTE_PHYS32_ENTRY
  file.write('Xen\0', noteOffset + 12, 'latin1');
  file.writeBigUInt64LE(BigInt(base + codeOffset), noteOffset + 16);

  file.set([0xfa, 0xf4, 0xeb, 0xfc], codeOffset); // cli; again: hlt; jmp again - 1
  return file;

  function programHeader(
    at: number,
    part: { type: number; flags: number; offset: number; address: number; bytes: number },
  ): void {
    file.writeUInt32LE(part.type, at);
    file.writeUInt32LE(part.flags, at + 4);
    file.writeBigUInt64LE(BigInt(part.offset), at + 8);
    file.writeBigUInt64LE(BigInt(part.address), at + 16);
    file.writeBigUInt64LE(BigInt(part.address), at + 24);
    file.writeBigUInt64LE(BigInt(part.bytes), at + 32);
    file.writeBigUInt64LE(BigInt(part.bytes), at + 40);
    file.writeBigUInt64LE(4n, at + 48);
  }
}
