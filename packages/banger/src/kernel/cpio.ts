/**
 * Writes the "new ASCII" cpio archives that the kernel unpacks as its initrd
 * (Documentation/driver-api/early-userspace/buffer-format.rst). The same entries give the same bytes: inode numbers
 * count up, times are zero, everything belongs to root.
 */
export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly data: Buffer }
  | {
      readonly kind: 'character-device';
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

/** Paths have no leading slash; a directory comes before what is in it, as the kernel makes none by itself. */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const members = entries.flatMap((entry, index) => member(entry, index + 1));
  return Buffer.concat([...members, ...member(TRAILER, 0)]);
}

const TYPE_BITS = { directory: 0o040000, file: 0o100000, 'character-device': 0o020000 } as const;
const TRAILER: CpioEntry = { kind: 'file', path: 'TRAILER!!!', mode: 0, data: Buffer.alloc(0) };
const NO_DATA = Buffer.alloc(0);

function member(entry: CpioEntry, inode: number): Buffer[] {
  const data = entry.kind === 'file' ? entry.data : NO_DATA;
  const device = entry.kind === 'character-device' ? entry : { major: 0, minor: 0 };
  const name = Buffer.from(`${entry.path}\0`);
  const mode = entry === TRAILER ? 0 : TYPE_BITS[entry.kind] | entry.mode;
  const links = entry.kind === 'directory' ? 2 : 1;
  const fields = [
    ...[inode, mode, 0, 0, links, 0, data.length],
    ...[0, 0, device.major, device.minor, name.length, 0],
  ];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  const start = Buffer.concat([Buffer.from(header, 'latin1'), name]);
  return [start, padding(start.length), data, padding(data.length)];
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
