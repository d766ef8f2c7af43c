import type { VmId } from '@banger/protocol/ids';

import { explainFileError } from '../host/file-errors.ts';
import { replaceFile } from '../host/replace-file.ts';
import { knownHosts } from './known-hosts.ts';
import type { Pin, Pins } from './pins.ts';

/** Pins in a `known_hosts` file, which is replaced as a whole: many changes at once are one write. */
export function createPins(file: string): Pins {
  const pins = new Map<VmId, Pin>();
  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  /** Resolves when what is in `pins` now is in the file. */
  function write(): Promise<void> {
    next ??= writing.then(() => {
      next = undefined; // What changes from here on is for the write after this one.
      const written = replaceFile(file, knownHosts(pins.values()));
      writing = written.catch(() => undefined); // Told to those who wait for it.
      return written;
    });
    return next.catch((error: unknown) => {
      throw explainFileError(error, `Cannot write ssh host keys to "${file}"`);
    });
  }

  return {
    reset(all) {
      pins.clear();
      for (const pin of all) pins.set(pin.id, pin);
      return write();
    },
    put(pin) {
      pins.set(pin.id, pin);
      return write();
    },
    drop(id) {
      return pins.delete(id) ? write() : Promise.resolve();
    },
  };
}
