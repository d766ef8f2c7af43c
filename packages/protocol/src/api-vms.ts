import { z } from 'zod';

import { ExecCreated, ExecRequest } from './exec.ts';
import { ExecId } from './ids.ts';
import { Reference } from './names.ts';
import { Nothing, route } from './route.ts';
import { CreateVmRequest, SetVmRequest } from './vm-requests.ts';
import { Vm, VmDetails, VmStats } from './vm.ts';

/** In a query a boolean is the text `true` or `false`. */
const QueryFlag = z.union([z.boolean(), z.stringbool()]).default(false);
const OneVm = z.object({ vm: Reference });
const startErrors = [
  'vm.start_failed',
  'vm.state_unusable',
  'vm.wrong_state',
  'guest.unreachable',
  'host.disk_full',
  'host.tool_missing',
  'host.kvm_unavailable',
] as const;

/** VMs and the commands in them. */
export const vmsApi = {
  listVms: route({
    method: 'GET',
    path: '/v1/vms',
    summary: 'Running VMs, or all',
    input: z.object({ all: QueryFlag }),
    output: z.array(Vm),
    errors: [],
  }),
  createVm: route({
    method: 'POST',
    path: '/v1/vms',
    summary: 'Create a VM and, unless told otherwise, start it and wait until it is ready',
    progress: true,
    input: CreateVmRequest,
    output: Vm,
    errors: [
      'usage.invalid',
      'vm.name_taken',
      'image.not_found',
      'kernel.not_found',
      'host.resources',
      'host.mirror_unreachable',
      'host.port_taken',
      'host.port_forbidden',
      'host.address_unusable',
      ...startErrors,
    ],
  }),
  showVm: route({
    method: 'GET',
    path: '/v1/vms/:vm',
    summary: 'The whole record of a VM',
    input: OneVm,
    output: VmDetails,
    errors: ['vm.not_found', 'vm.ambiguous'],
  }),
  setVm: route({
    method: 'PATCH',
    path: '/v1/vms/:vm',
    summary: 'Change the spec of a stopped VM',
    input: OneVm.extend(SetVmRequest.shape),
    output: Vm,
    errors: ['vm.not_found', 'vm.ambiguous', 'vm.wrong_state', 'usage.invalid', 'host.resources'],
  }),
  deleteVm: route({
    method: 'DELETE',
    path: '/v1/vms/:vm',
    summary: 'Delete a VM and its disks, running or not',
    progress: true,
    input: OneVm,
    output: Nothing,
    errors: ['vm.not_found', 'vm.ambiguous', 'vm.busy'],
  }),
  startVm: route({
    method: 'POST',
    path: '/v1/vms/:vm/start',
    summary: 'Start a stopped VM and wait until it is ready',
    progress: true,
    input: OneVm,
    output: Vm,
    errors: ['vm.not_found', 'vm.ambiguous', 'vm.busy', ...startErrors],
  }),
  stopVm: route({
    method: 'POST',
    path: '/v1/vms/:vm/stop',
    summary: 'Sync and power off, by force after a deadline',
    progress: true,
    input: OneVm.extend({ timeoutMs: z.int().positive().max(3_600_000).optional() }),
    output: Vm,
    errors: ['vm.not_found', 'vm.ambiguous', 'vm.busy', 'vm.wrong_state'],
  }),
  restartVm: route({
    method: 'POST',
    path: '/v1/vms/:vm/restart',
    summary: 'Stop, then start',
    progress: true,
    input: OneVm,
    output: Vm,
    errors: ['vm.not_found', 'vm.ambiguous', 'vm.busy', ...startErrors],
  }),
  killVm: route({
    method: 'POST',
    path: '/v1/vms/:vm/kill',
    summary: 'Send the monitor a signal (SIGKILL unless named)',
    input: OneVm.extend({
      signal: z.enum(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP']).default('SIGKILL'),
    }),
    output: Vm,
    errors: ['vm.not_found', 'vm.ambiguous', 'vm.not_running'],
  }),
  pruneVms: route({
    method: 'POST',
    path: '/v1/prune/vms',
    summary: 'Delete every VM that does not run',
    progress: true,
    input: Nothing,
    output: z.array(Vm),
    errors: [],
  }),
  vmStats: route({
    method: 'GET',
    path: '/v1/vms/:vm/stats',
    summary: 'CPU, memory, disk and network of a running VM',
    input: OneVm,
    output: VmStats,
    errors: ['vm.not_found', 'vm.ambiguous', 'vm.not_running', 'guest.unreachable'],
  }),
  createExec: route({
    method: 'POST',
    path: '/v1/vms/:vm/execs',
    summary: 'Start a command; its output waits for its stream to be attached',
    input: OneVm.extend(ExecRequest.shape),
    output: ExecCreated,
    repeatable: true,
    errors: ['vm.not_found', 'vm.ambiguous', 'vm.not_running', 'image.no_entrypoint'],
  }),
  signalExec: route({
    method: 'POST',
    path: '/v1/execs/:exec/signal',
    summary: 'Send a running command a signal',
    input: z.object({ exec: ExecId, signal: z.int().min(1).max(64) }),
    output: Nothing,
    errors: ['exec.not_found'],
  }),
};
