import { BangerError } from '@banger/protocol/errors';

import type { Systemd, UnitState } from './systemd.ts';

export interface FakeSystemd extends Systemd {
  readonly enabled: Set<string>;
  readonly active: Map<string, number>;
  /** Rejects the next time it is told this, before or after it is done */
  fail: { readonly verb: string; readonly when: 'before' | 'after' } | undefined;
}

/** Knows units once they were enabled or started; each start of one is another process. */
export function createFakeSystemd(): FakeSystemd {
  const enabled = new Set<string>();
  const active = new Map<string, number>();
  let nextPid = 100;
  const start = (unit: string) => {
    nextPid += 1;
    active.set(unit, nextPid);
  };
  const verbs: Readonly<Record<string, (unit: string) => void>> = {
    enable: (unit) => void enabled.add(unit),
    disable: (unit) => {
      enabled.delete(unit);
      active.delete(unit);
    },
    restart: start,
    stop: (unit) => void active.delete(unit),
  };
  const fake: FakeSystemd = {
    ...{ enabled, active, fail: undefined },
    isRunning: () => Promise.resolve(true),
    async control([verb = '', ...args]) {
      await Promise.resolve();
      const failing = fake.fail?.verb === verb ? fake.fail : undefined;
      const said = new BangerError('system.failed', `Cannot run "systemctl ${verb}"`);
      if (failing !== undefined) fake.fail = undefined;
      if (failing?.when === 'before') throw said;
      for (const unit of args) if (!unit.startsWith('--')) verbs[verb]?.(unit);
      if (failing?.when === 'after') throw said;
    },
    show(unit) {
      const pid = active.get(unit);
      const state: UnitState = {
        active: pid === undefined ? 'inactive' : 'active',
        isActive: pid !== undefined,
        isEnabled: enabled.has(unit),
        pid,
      };
      return Promise.resolve(state);
    },
  };
  return fake;
}
