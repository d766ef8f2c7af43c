import { formatBytes, formatMib } from '@banger/protocol/size-text';
import type { VmDetails } from '@banger/sdk';

import { formatSpan, formatTook } from './duration-text.ts';
import { fields, type Field } from './fields.ts';
import { startedFromText } from './started-from-text.ts';
import { formatWaterfall, startTookMs } from './waterfall-text.ts';

/** The whole record of a VM for people: what it is, where each value came from, what it holds and how it started. */
export function describeVm(vm: VmDetails): readonly string[] {
  const lines = fields([
    ['name', vm.name],
    ['id', vm.id],
    ['state', stateText(vm)],
    ...specFields(vm),
    ['uptime', vm.uptimeMs === null ? undefined : formatSpan(vm.uptimeMs)],
    ['created', vm.createdAt],
    ['started', vm.startedAt ?? undefined],
    ['started from', vm.startedFrom === null ? undefined : startedFromText(vm.startedFrom)],
    ...hygieneFields(vm),
    ['ephemeral', vm.ephemeral ? 'deleted when the client that made it ends' : undefined],
    ['boot id', vm.bootId ?? undefined],
    ['directory', vm.directory],
    ...vm.disks.map((disk): Field => [
      `${disk.role} disk`,
      `${formatBytes(disk.allocatedBytes)} of ${formatBytes(disk.apparentBytes)}${disk.readOnly ? ', read-only' : ''}, ${disk.path}`,
    ]),
    ...networkFields(vm),
    ...workspaceFields(vm),
    ...monitorFields(vm),
    ...vm.snapshots.map(({ name, createdAt, sizeBytes }): Field => [
      'snapshot',
      `${name}, ${formatBytes(sizeBytes)}, ${createdAt}`,
    ]),
    ...vm.warnings.map((warning): Field => ['warning', warning]),
  ]);
  if (vm.timings.length === 0) return lines;
  const start = formatWaterfall(vm.timings).map((line) => `  ${line}`);
  return [...lines, `start: ${formatTook(startTookMs(vm.timings))}`, ...start];
}

function stateText({ state }: VmDetails): string {
  if (state.name === 'restoring') return `restoring snapshot ${state.snapshot}`;
  const reason = 'reason' in state && state.reason !== undefined ? `: ${state.reason}` : '';
  const left = 'leftovers' in state ? state.leftovers : [];
  return `${state.name}${reason}${left.length === 0 ? '' : ` (left behind: ${left.join(', ')})`}`;
}

function specFields({ spec, provenance }: VmDetails): readonly Field[] {
  const values = [
    ['image', 'image', spec.image],
    ['kernel', 'kernel', spec.kernel],
    ['vcpu', 'vCPU', String(spec.vcpu)],
    ['memoryMib', 'memory', formatMib(spec.memoryMib)],
    ['diskMib', 'disk', formatMib(spec.diskMib)],
    ['overlayMib', 'overlay', formatMib(spec.overlayMib)],
    ['vmm', 'VMM', spec.vmm],
    ['accel', 'accelerator', spec.accel],
    ['network', 'network', spec.network],
    ['nat', 'NAT', spec.nat ? 'on' : 'off'],
    ...limitValues(spec),
    ...(spec.network === 'bridge'
      ? ([
          ['isolated', 'other VMs', spec.isolated ? 'kept apart' : 'those that are open too'],
        ] as const)
      : []),
  ] as const;
  return values.map(([key, label, value]) => {
    const origin = provenance[key];
    return [label, origin === undefined ? value : `${value} [${origin}]`];
  });
}

/** Those that there are */
function limitValues(spec: VmDetails['spec']) {
  const { diskMibPerSecond: disk, diskOpsPerSecond: ops, networkMibPerSecond: network } = spec;
  return [
    ...given('diskMibPerSecond', 'disk bandwidth', disk && `${formatMib(disk)} a second`),
    ...given('diskOpsPerSecond', 'disk IOPS', ops && `${String(ops)} a second`),
    ...given(
      'networkMibPerSecond',
      'network bandwidth',
      network && `${formatMib(network)} a second`,
    ),
  ];
}

function given(key: string, label: string, value: string | number | null) {
  return typeof value === 'string' ? [[key, label, value] as const] : [];
}

function hygieneFields({ hygiene }: VmDetails): readonly Field[] {
  if (hygiene.length === 0) return [];
  const failed = hygiene.filter(({ ok }) => !ok);
  const count = String(hygiene.length);
  if (failed.length === 0) return [['hygiene', `${count} checks passed`]];
  return [
    ['hygiene', `${String(failed.length)} of ${count} checks failed`],
    ...failed.map(({ name, found }): Field => ['failed check', `${name}: ${found}`]),
  ];
}

function networkFields({ network }: VmDetails): readonly Field[] {
  if (network === null) return [];
  const { mode, bridge } = network;
  return [
    ['address', network.hostAddress],
    ['interface', `${network.address}, ${network.mac}`],
    [mode, bridge === null ? undefined : `${bridge.tap} on ${bridge.name}`],
  ];
}

function workspaceFields({ workspace }: VmDetails): readonly Field[] {
  if (workspace === null) return [];
  const { guestPath, hostPath, mode, branch, commit, readOnly, preparedAt } = workspace;
  const head = `${branch ?? 'detached'} at ${commit?.slice(0, 12) ?? 'no commit yet'}`;
  const how = `${mode}${readOnly ? ', read-only' : ''}, ${preparedAt}`;
  return [['workspace', `${guestPath} from ${hostPath}, ${head} (${how})`]];
}

function monitorFields({ vmm }: VmDetails): readonly Field[] {
  if (vmm === null) return [];
  return [
    ['monitor', `${vmm.name} ${vmm.version}, ${vmm.machine}`],
    ['monitor pid', vmm.pid === null ? undefined : String(vmm.pid)],
    ['monitor command', vmm.command.join(' ')],
  ];
}
