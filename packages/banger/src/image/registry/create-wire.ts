import type { WireOptions } from './undici-wire.ts';
import type { Wire } from './wire.ts';

/** The library is loaded by the first exchange: a daemon that pulls nothing does without it. */
export function createWire(options: WireOptions): Wire {
  let loading: Promise<Wire> | undefined;
  const load = async (): Promise<Wire> => {
    const { createUndiciWire } = await import('./undici-wire.ts');
    return createUndiciWire(options);
  };
  return {
    async exchange(request, signal) {
      loading ??= load();
      return (await loading).exchange(request, signal);
    },
    release() {
      void loading?.then((wire) => wire.release());
    },
  };
}
