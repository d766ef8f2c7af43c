import type { Command } from '../../host/processes.ts';
import type { MachinePlan } from '../../machine/plan.ts';
import { driveArgs } from './drive-args.ts';
import { kernelCommandLine } from './kernel-command-line.ts';
import { networkArgs } from './network-args.ts';
import { optionList } from './option-list.ts';
import { portArgs } from './port-args.ts';
import type { QemuMachine } from './qemu-machine.ts';

const DENY = {
  obsolete: 'deny',
  elevateprivileges: 'deny',
  spawn: 'deny',
  resourcecontrol: 'deny',
};

/** The whole command line of a VM; pure. */
export function qemuCommand(binary: string, plan: MachinePlan, machine: QemuMachine): Command {
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
    ...[
      '-object',
      optionList('memory-backend-ram', { id: 'ram', size: `${String(spec.memoryMib)}M` }),
    ],
    ...['-rtc', 'base=utc,clock=host'],
    ...['-action', 'reboot=shutdown'], // A reset ends QEMU, so that it is the daemon who decides.
    ...['-kernel', paths.kernel],
    ...['-initrd', paths.initrd],
    ...['-append', kernelCommandLine(spec.accel)],
    ...portArgs(plan, machine),
    ...driveArgs(plan, machine),
    ...networkArgs(plan, machine),
    ...['-object', 'rng-builtin,id=rng0'],
    ...['-device', `virtio-rng-${machine.bus},rng=rng0`],
  ];
}
