import { z } from 'zod';

import { ConfigValue, DaemonInfo, DoctorRow } from './doctor.ts';
import { ExecCreated, ExecRequest } from './exec.ts';
import { ExecId } from './ids.ts';
import { CatalogEntry, Image, Kernel } from './image.ts';
import { Reference } from './names.ts';
import { route } from './route.ts';
import { CreateVmRequest, SetVmRequest } from './vm-requests.ts';
import { Vm, VmDetails, VmStats } from './vm.ts';

/** In a query a boolean is the text `true` or `false`. */
const QueryFlag = z.union([z.boolean(), z.stringbool()]).default(false);
const OneVm = z.object({ vm: Reference });
const Nothing = z.object({});
const startErrors = [
  'vm.start_failed',
  'guest.unreachable',
  'host.disk_full',
  'host.tool_missing',
  'host.kvm_unavailable',
] as const;

/** The whole HTTP API less its byte streams (`streams.ts`). The server, the SDK and the OpenAPI document come from this object. */
export const api = {
  daemonInfo: route({
    method: 'GET',
    path: '/v1/daemon',
    summary: 'Version, build and load of the daemon',
    input: Nothing,
    output: DaemonInfo,
    errors: [],
  }),
  stopDaemon: route({
    method: 'POST',
    path: '/v1/daemon/stop',
    summary: 'Stop the daemon; running VMs stay',
    input: Nothing,
    output: Nothing,
    errors: [],
  }),
  showConfig: route({
    method: 'GET',
    path: '/v1/config',
    summary: 'Each effective configuration value with its origin',
    input: Nothing,
    output: z.array(ConfigValue),
    errors: [],
  }),
  doctor: route({
    method: 'GET',
    path: '/v1/doctor',
    summary: 'Probe the host',
    input: Nothing,
    output: z.array(DoctorRow),
    errors: [],
  }),

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
    errors: ['vm.not_found', 'vm.ambiguous', 'vm.busy'],
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
    summary: 'Describe a command; it runs when its stream is attached',
    input: OneVm.extend(ExecRequest.shape),
    output: ExecCreated,
    repeatable: true,
    errors: ['vm.not_found', 'vm.ambiguous', 'vm.not_running'],
  }),
  signalExec: route({
    method: 'POST',
    path: '/v1/execs/:exec/signal',
    summary: 'Send a running command a signal',
    input: z.object({ exec: ExecId, signal: z.int().min(1).max(64) }),
    output: Nothing,
    errors: ['exec.not_found'],
  }),

  listImages: route({
    method: 'GET',
    path: '/v1/images',
    summary: 'Images in the store',
    input: Nothing,
    output: z.array(Image),
    errors: [],
  }),
  listCatalog: route({
    method: 'GET',
    path: '/v1/catalog/images',
    summary: 'Images that can be pulled by name',
    input: Nothing,
    output: z.array(CatalogEntry),
    errors: [],
  }),
  pullImage: route({
    method: 'POST',
    path: '/v1/images',
    summary: 'Pull or build an image by name',
    progress: true,
    input: z.object({ name: z.string().min(1).max(256), force: z.boolean().default(false) }),
    output: Image,
    errors: [
      'image.not_found',
      'image.build_failed',
      'host.tool_missing',
      'host.mirror_unreachable',
      'host.disk_full',
    ],
  }),
  showImage: route({
    method: 'GET',
    path: '/v1/images/:image',
    summary: 'One image',
    input: z.object({ image: Reference }),
    output: Image,
    errors: ['image.not_found'],
  }),
  deleteImage: route({
    method: 'DELETE',
    path: '/v1/images/:image',
    summary: 'Delete an image that no VM uses',
    input: z.object({ image: Reference }),
    output: Nothing,
    errors: ['image.not_found', 'image.in_use'],
  }),

  listKernels: route({
    method: 'GET',
    path: '/v1/kernels',
    summary: 'Kernels in the store',
    input: Nothing,
    output: z.array(Kernel),
    errors: [],
  }),
  listKernelCatalog: route({
    method: 'GET',
    path: '/v1/catalog/kernels',
    summary: 'Kernels that can be pulled by name',
    input: Nothing,
    output: z.array(CatalogEntry),
    errors: [],
  }),
  pullKernel: route({
    method: 'POST',
    path: '/v1/kernels',
    summary: 'Make a kernel bundle by name',
    progress: true,
    input: z.object({ name: z.string().min(1).max(256), force: z.boolean().default(false) }),
    output: Kernel,
    errors: [
      'kernel.not_found',
      'kernel.build_failed',
      'host.tool_missing',
      'host.mirror_unreachable',
      'host.disk_full',
    ],
  }),
  showKernel: route({
    method: 'GET',
    path: '/v1/kernels/:kernel',
    summary: 'One kernel',
    input: z.object({ kernel: Reference }),
    output: Kernel,
    errors: ['kernel.not_found'],
  }),
  deleteKernel: route({
    method: 'DELETE',
    path: '/v1/kernels/:kernel',
    summary: 'Delete a kernel that no VM uses',
    input: z.object({ kernel: Reference }),
    output: Nothing,
    errors: ['kernel.not_found', 'kernel.in_use'],
  }),
};
export type Api = typeof api;
export type RouteName = keyof Api;
