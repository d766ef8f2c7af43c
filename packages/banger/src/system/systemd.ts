import { stat } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import { unlessMissing } from '../host/missing-files.ts';
import type { Processes } from '../host/processes.ts';

/** The system's service manager, as far as an installation needs it. */
export interface Systemd {
  /** Whether it manages this host */
  isRunning(): Promise<boolean>;
  /** Runs `systemctl`; rejects with what it said when it fails. */
  control(args: readonly string[], signal: AbortSignal): Promise<void>;
  /** Properties of a unit, whether or not it is there (systemctl(1), show) */
  show(unit: string, signal: AbortSignal): Promise<UnitState>;
}

export interface UnitState {
  readonly isActive: boolean;
  /** `active`, `failed`, … */
  readonly active: string;
  readonly isEnabled: boolean;
  readonly pid: number | undefined;
}

export function createSystemd(processes: Processes): Systemd {
  return {
    // How sd_booted(3) tells.
    isRunning: async () => (await stat('/run/systemd/system').catch(unlessMissing)) !== undefined,
    async control(args, signal) {
      const { exitCode, stderr } = await processes.run(['systemctl', ...args], { signal });
      if (exitCode === 0) return;
      throw new BangerError(
        'system.failed',
        `Cannot run "systemctl ${args.join(' ')}": ${stderr.trim().split('\n').at(-1) ?? ''}`,
        { hint: `systemctl status ${args.at(-1) ?? ''}` },
      );
    },
    async show(unit, signal) {
      const properties = '--property=ActiveState,UnitFileState,MainPID';
      const { stdout } = await processes.run(['systemctl', 'show', properties, unit], { signal });
      const said = new Map(
        stdout.split('\n').map((line) => [line.split('=')[0], line.split('=')[1]]),
      );
      const pid = Number(said.get('MainPID'));
      const active = said.get('ActiveState') ?? 'unknown';
      return {
        active,
        isActive: active === 'active',
        isEnabled: said.get('UnitFileState') === 'enabled',
        pid: pid > 0 ? pid : undefined,
      };
    },
  };
}
