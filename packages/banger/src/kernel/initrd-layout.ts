import { lateModules } from './boot-modules.ts';
import { type CpioEntry, writeCpio } from './cpio.ts';
import { moduleName } from './modules-dep.ts';

export interface BootModule {
  /** "virtio_blk.ko" */
  readonly file: string;
  readonly data: Buffer;
}

/** A part of the name under which an initrd is kept: another layout is another initrd. */
export const INITRD_LAYOUT = 3;

/**
 * The initrd: the agent as `/init`, the modules it loads and their order, at once and at Boot, and what the kernel itself wants
 * there. Not compressed: unpacking would be emulated, and costs more than reading it.
 */
export function initrdOf(agent: Buffer, modules: readonly BootModule[]): Buffer {
  const isLate = ({ file }: BootModule) => lateModules.has(moduleName(file));
  return writeCpio([
    // The kernel opens it for init's standard streams, before anything is mounted on /dev.
    ...['dev', 'proc', 'sys', 'banger', 'banger/modules'].map(directory),
    { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
    { kind: 'file', path: 'init', mode: 0o755, data: agent },
    list(
      'banger/modules.list',
      modules.filter((module) => !isLate(module)),
    ),
    list('banger/late-modules.list', modules.filter(isLate)),
    ...modules.map(({ file, data }): CpioEntry => {
      return { kind: 'file', path: `banger/modules/${file}`, mode: 0o644, data };
    }),
  ]);
}

/**
 * The kernel's own initrd, perhaps compressed, and then banger's: archives are unpacked in turn, each from a multiple of 4
 * bytes on, and a later file replaces an earlier one (Linux, driver-api/early-userspace/buffer-format.rst).
 */
export function afterInitrd(first: Buffer, own: Buffer): Buffer {
  return Buffer.concat([first, Buffer.alloc((4 - (first.length % 4)) % 4), own]);
}

function list(path: string, modules: readonly BootModule[]): CpioEntry {
  const lines = modules.map(({ file }) => `/banger/modules/${file}\n`).join('');
  return { kind: 'file', path, mode: 0o644, data: Buffer.from(lines) };
}

function directory(path: string): CpioEntry {
  return { kind: 'directory', path, mode: 0o755 };
}
