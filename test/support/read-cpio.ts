import assert from 'node:assert/strict';

export interface CpioMember {
  readonly path: string;
  readonly mode: number;
  readonly device: string;
  readonly data: string;
}

/**
 * A reader of its own, after the format's description: every member of every archive, with the zeros that may stand between
 * two of them left out (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).
 */
export function readCpio(archive: Buffer): readonly CpioMember[] {
  const members: CpioMember[] = [];
  for (let at = 0; at < archive.length;) {
    if (archive[at] === 0) {
      at += 1;
      continue;
    }
    assert.equal(at % 4, 0);
    assert.equal(archive.toString('latin1', at, at + 6), '070701');
    const field = (index: number): number => {
      const start = at + 6 + index * 8;
      return Number.parseInt(archive.toString('latin1', start, start + 8), 16);
    };
    const nameStart = at + 110;
    const nameEnd = nameStart + field(11);
    const dataStart = Math.ceil(nameEnd / 4) * 4;
    const dataEnd = dataStart + field(6);
    members.push({
      path: archive.toString('latin1', nameStart, nameEnd - 1),
      mode: field(1),
      device: `${String(field(9))}:${String(field(10))}`,
      data: archive.toString('latin1', dataStart, dataEnd),
    });
    at = Math.ceil(dataEnd / 4) * 4;
  }
  return members;
}
