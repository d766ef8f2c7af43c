import { BangerError } from '@banger/protocol/errors';

import type { MachinePlan } from '../../machine/plan.ts';
import { agreeOnStream, MigrationWatch } from './migration.ts';
import type { QemuMonitor } from './qemu-monitor.ts';
import { STATE_FD } from './start-args.ts';

/** Loads the devices from the inherited file; all of it is asked for at once. Then the vCPUs stand. */
export async function loadState(monitor: QemuMonitor, signal: AbortSignal): Promise<void> {
  using migration = new MigrationWatch(monitor);
  await Promise.all([
    agreeOnStream(monitor, 'devices', signal),
    monitor.execute('migrate-incoming', { uri: `fd:${String(STATE_FD)}` }, signal),
    migration.completed(signal),
  ]);
}

/** QEMU ends, or hangs, over a state that it cannot load; pure. */
export function unusableState(plan: MachinePlan, output: string, cause: unknown): BangerError {
  const { spec, paths, start } = plan;
  const lines = output
    .split('\n')
    .map((line) => line.replace(/^\S*qemu-system-\w+: /, '').trim())
    .filter((line) => line !== '');
  const why = lines.length > 0 ? lines.join('; ') : 'QEMU did not finish loading it';
  return new BangerError(
    'vm.state_unusable',
    `Cannot start VM "${spec.name}" from its saved state: ${why.slice(0, MAX_WHY_CHARACTERS)}`,
    {
      cause,
      hint: `banger vm logs ${spec.name}`,
      details: { output: lines, logFile: paths.vmmLog, state: start.state },
    },
  );
}

const MAX_WHY_CHARACTERS = 500;
