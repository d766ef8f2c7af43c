import { BangerError } from '@banger/protocol/errors';
import type { Banger, DoctorRow } from '@banger/sdk';

import { defineCommand } from '../command.ts';
import { operands } from '../operands.ts';
import { sshConfigRow } from '../ssh-config-row.ts';
import { formatTable } from '../table.ts';
import type { World } from '../world.ts';

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'Check this host, and say how to mend what is missing',
  details: ['Exit status 1 when a row says FAIL.'],
  operands: operands.none,
  flags: {},
  examples: ['banger doctor', 'banger doctor --json'],
  calls: ['doctor', 'daemonInfo', 'sshClient'],
  async run(_, { connect, out, signal, world }) {
    const rows = await examine(await connect(), world, signal);
    const texts = rows.map(({ status, name, detail }) => [status, name, detail]);
    const lines = formatTable(['STATUS', 'CHECK', 'FOUND'], texts);
    const fixes = rows.flatMap(({ name, fix }) => (fix === undefined ? [] : [`${name}: ${fix}`]));
    await out.result([...lines, ...(fixes.length === 0 ? [] : ['', 'fixes:', ...fixes])], rows);
    return rows.some(({ status }) => status === 'FAIL') ? 1 : 0;
  },
});

async function examine(
  banger: Banger,
  world: World,
  signal: AbortSignal,
): Promise<readonly DoctorRow[]> {
  try {
    const [rows, info, sshRow] = await Promise.all([
      banger.doctor({ signal }),
      banger.daemon.info({ signal }),
      sshConfigRow(banger, world, signal),
    ]);
    const isSame = info.build.id === world.build.id;
    const detail = `daemon ${info.build.id}, this program ${world.build.id}`;
    const fix = isSame ? {} : { fix: 'banger daemon restart' };
    return [...rows, sshRow, { name: 'builds', status: isSame ? 'PASS' : 'WARN', detail, ...fix }];
  } catch (error) {
    // A daemon that cannot be reached is a finding too.
    if (!(error instanceof BangerError) || !error.code.startsWith('daemon.')) throw error;
    const fix = error.hint === undefined ? {} : { fix: error.hint };
    return [{ name: 'daemon', status: 'FAIL', detail: error.message, ...fix }];
  }
}
