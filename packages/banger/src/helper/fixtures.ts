import type { HelperSettings } from './helper-settings.ts';

/** The settings of a helper for user ana; `test/contract/bridge-host.ts` has the same bridge. */
export function someSettings(change: Partial<HelperSettings['owner']> = {}): HelperSettings {
  return {
    owner: { name: 'ana', uid: 0, gid: 0, stateDir: '/home/ana/.local/state/banger', ...change },
    bridge: { name: 'br-test', address: '172.31.99.1', subnet: '172.31.99.0/24' },
    jail: { jailer: 'jailer', firecracker: 'firecracker' },
  };
}
