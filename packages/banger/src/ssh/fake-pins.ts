import type { VmId } from '@banger/protocol/ids';

import type { Pin, Pins } from './pins.ts';

export interface FakePins extends Pins {
  readonly pinned: ReadonlyMap<VmId, Pin>;
}

export function createFakePins(): FakePins {
  const pinned = new Map<VmId, Pin>();
  return {
    pinned,
    async reset(all) {
      await Promise.resolve();
      pinned.clear();
      for (const pin of all) pinned.set(pin.id, pin);
    },
    async put(pin) {
      await Promise.resolve();
      pinned.set(pin.id, pin);
    },
    async drop(id) {
      await Promise.resolve();
      pinned.delete(id);
    },
  };
}
