import { type CpioEntry, writeCpio } from './cpio.ts';

export interface BootModule {
  /** "virtio_blk.ko" */
  readonly file: string;
  readonly data: Buffer;
}

/** A part of the name under which an initrd is kept: another layout is another initrd. */
export const INITRD_LAYOUT = 2;

/**
 * The initrd: the agent as `/init`, the modules it loads first and their order, and what the kernel itself wants
 * there. Not compressed: unpacking would be emulated, and costs more than reading it.
 */
export function initrdOf(agent: Buffer, modules: readonly BootModule[]): Buffer {
  const list = modules.map(({ file }) => `/banger/modules/${file}\n`).join('');
  return writeCpio([
    // The kernel opens it for init's standard streams, before anything is mounted on /dev.
    ...['dev', 'proc', 'sys', 'banger', 'banger/modules'].map(directory),
    { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
    { kind: 'file', path: 'init', mode: 0o755, data: agent },
    { kind: 'file', path: 'banger/modules.list', mode: 0o644, data: Buffer.from(list) },
    ...modules.map(({ file, data }): CpioEntry => {
      return { kind: 'file', path: `banger/modules/${file}`, mode: 0o644, data };
    }),
  ]);
}

function directory(path: string): CpioEntry {
  return { kind: 'directory', path, mode: 0o755 };
}
