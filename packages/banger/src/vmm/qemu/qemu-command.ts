import type { Command } from '../../host/processes.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { driveArgs } from './drive-args.ts';
import { kernelCommandLine } from '../kernel-command-line.ts';
import { memoryArgs } from './memory-args.ts';
import { networkArgs } from './network-args.ts';
import { optionList } from './option-list.ts';
import { portArgs } from './port-args.ts';
import type { QemuMachine } from './qemu-machine.ts';
import type { QemuPurpose } from './qemu-purpose.ts';
import { startArgs } from './start-args.ts';

const DENY = {
  obsolete: 'deny',
  elevateprivileges: 'deny',
  spawn: 'deny',
  resourcecontrol: 'deny',
};

/** The whole command line of a VM; pure. */
export function qemuCommand(
  binary: string,
  plan: MachinePlan,
  machine: QemuMachine,
  purpose: QemuPurpose = 'guest',
): Command {
  const { spec, paths } = plan;
  return [
    binary,
    '-name',
    optionList(`banger-${spec.name}`, { 'debug-threads': true }),
    '-no-user-config',
    '-nodefaults',
    ...['-display', 'none'],
    ...['-sandbox', optionList('on', DENY)],
    ...['-machine', machine.argument],
    ...['-cpu', machine.cpu],
    ...['-smp', String(spec.vcpu)],
    ...['-m', `${String(spec.memoryMib)}M`],
    ...memoryArgs(plan),
    ...['-rtc', 'base=utc,clock=host'],
    // States that were saved without memory (save-pages.ts) have no such section, and so no other has.
    ...['-global', 'migration.send-configuration=off'],
    ...['-action', 'reboot=shutdown'], // A reset ends QEMU, so that it is the daemon who decides.
    ...['-kernel', paths.kernel],
    ...['-initrd', paths.initrd],
    ...['-append', kernelCommandLine(spec.accel)],
    ...portArgs(plan, machine, purpose),
    ...driveArgs(plan, machine, purpose),
    ...networkArgs(plan, machine),
    ...['-object', 'rng-builtin,id=rng0'],
    ...['-device', `virtio-rng-${machine.bus},rng=rng0`],
    ...(machine.hasGenerationId ? ['-device', 'vmgenid,guid=auto'] : []),
    ...startArgs(plan, purpose),
  ];
}
