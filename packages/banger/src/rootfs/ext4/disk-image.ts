import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { Ext4Damage } from './ext4-damage.ts';

/**
 * A file that is read here and there, and waited for: reading an ext4 is many small reads from the page cache, and it is
 * done where nobody else waits.
 */
export class DiskImage implements Disposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #fd: number;

  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'r');
    this.sizeBytes = fstatSync(this.#fd).size;
  }

  /** @throws Ext4Damage when that much is not there */
  read(at: number, count: number): Buffer {
    if (at < 0 || at + count > this.sizeBytes) {
      throw new Ext4Damage(`it ends before byte ${String(at + count)}`);
    }
    const bytes = Buffer.allocUnsafe(count);
    for (let done = 0; done < count;) {
      const read = readSync(this.#fd, bytes, done, count - done, at + done);
      if (read === 0) throw new Ext4Damage(`it ends before byte ${String(at + count)}`);
      done += read;
    }
    return bytes;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
