import type { SystemStatus } from '../../system/system-status.ts';
import { defineCommand } from '../command.ts';
import { operands } from '../operands.ts';

export const systemStatusCommand = defineCommand({
  name: 'system status',
  summary: 'Say what is installed and whether it runs; exit status 1 when it does not',
  operands: operands.none,
  flags: {},
  examples: ['banger system status', 'banger system status --json'],
  calls: [],
  daemon: 'never',
  async run(_, { out, world, signal }) {
    const [{ createSystemHost }, { systemStatus }] = await Promise.all([
      import('../../system/system-host.ts'),
      import('../../system/system-status.ts'),
    ]);
    const status = await systemStatus(createSystemHost(), signal);
    await out.result(linesOf(status, world.build.id), status);
    const runs =
      status.installed && Object.values(status.services).every(({ isActive }) => isActive);
    return runs ? 0 : 1;
  },
});

function linesOf(status: SystemStatus, ownBuild: string): readonly string[] {
  if (!status.installed) return ['system: not installed'];
  const { owner, bridge, build, services } = status;
  const isOther = build !== null && build.id !== ownBuild;
  return [
    `owner:   ${owner.name} (uid ${String(owner.uid)}), ${owner.stateDir}`,
    `bridge:  ${bridge.name}, ${bridge.address} in ${bridge.subnet}`,
    `program: ${build === null ? 'incomplete' : `banger ${build.version} (build ${build.id})`}${isOther ? `, another build than this one (${ownBuild}); to replace it: sudo banger system install` : ''}`,
    ...Object.entries(services).map(
      ([unit, { active, isEnabled, pid }]) =>
        `${unit}: ${active}, ${isEnabled ? 'enabled' : 'not enabled'}${pid === undefined ? '' : `, pid ${String(pid)}`}`,
    ),
  ];
}
