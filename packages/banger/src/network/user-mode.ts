import type { NetworkMode } from './network-mode.ts';

/** The monitor's own stack, in user space: nothing of it is on the host. */
export function createUserMode(): NetworkMode {
  return {
    name: 'user',
    problems: () => Promise.resolve([]),
    prepare: () => Promise.resolve(),
    attach: () => Promise.resolve(),
    detach: () => Promise.resolve(),
  };
}
