import { BangerError } from '@banger/protocol/errors';
import type { Banger, DoctorRow } from '@banger/sdk';

import { hasInclude } from './include-block.ts';
import type { World } from './world.ts';

const name = 'ssh-config';

/** Whether plain ssh reaches VMs: the client's own file, so the client looks. */
export async function sshConfigRow(
  banger: Banger,
  world: Pick<World, 'env'>,
  signal: AbortSignal,
): Promise<DoctorRow> {
  try {
    const [{ configFile }, userConfig] = await Promise.all([
      banger.ssh({ signal }),
      import('./user-ssh-config.ts'),
    ]);
    const file = userConfig.userSshConfig(world);
    return rowOf(file, hasInclude(await userConfig.readSshConfig(file), configFile));
  } catch (error) {
    if (!(error instanceof BangerError) || error.code.startsWith('daemon.')) throw error;
    const fix = error.hint === undefined ? {} : { fix: error.hint };
    return { name, status: 'FAIL', detail: error.message, ...fix };
  }
}

/** Without it nothing is wrong: `banger ssh` needs none. */
function rowOf(file: string, isInstalled: boolean): DoctorRow {
  if (isInstalled) {
    return { name, status: 'PASS', detail: `"ssh NAME.vm" works, by ${file}` };
  }
  const detail = '"ssh NAME.vm" is not set up; "banger ssh NAME" works without';
  return { name, status: 'PASS', detail, fix: 'banger ssh-config --install' };
}
