import { z } from 'zod';

import { Reference, VmName } from './names.ts';
import { Nothing, route } from './route.ts';
import { Template } from './template.ts';
import { ForkVmRequest } from './vm-requests.ts';
import { Snapshot, Vm } from './vm.ts';

const OneVm = z.object({ vm: Reference });
const OneSnapshot = OneVm.extend({ snapshot: VmName });
const noVm = ['vm.not_found', 'vm.ambiguous', 'vm.busy', 'vm.wrong_state'] as const;
const startErrors = ['vm.start_failed', 'vm.state_unusable', 'guest.unreachable'] as const;

/** Running machines as data: paused, saved, forked, kept warm. */
export const savedApi = {
  pauseVm: route({
    method: 'POST',
    path: '/v1/vms/:vm/pause',
    summary: 'Stop the vCPUs of a running VM',
    input: OneVm,
    output: Vm,
    errors: noVm,
  }),
  resumeVm: route({
    method: 'POST',
    path: '/v1/vms/:vm/resume',
    summary: 'Let the vCPUs of a paused VM run again, with the right time',
    input: OneVm,
    output: Vm,
    errors: [...noVm, 'guest.unreachable'],
  }),
  suspendVm: route({
    method: 'POST',
    path: '/v1/vms/:vm/suspend',
    summary: 'Save memory and devices to disk and free the host memory; a start goes on from there',
    progress: true,
    input: OneVm,
    output: Vm,
    errors: [...noVm, 'host.disk_full', 'guest.unreachable'],
  }),
  listSnapshots: route({
    method: 'GET',
    path: '/v1/vms/:vm/snapshots',
    summary: 'Snapshots of a VM, oldest first',
    input: OneVm,
    output: z.array(Snapshot),
    errors: ['vm.not_found', 'vm.ambiguous'],
  }),
  createSnapshot: route({
    method: 'POST',
    path: '/v1/vms/:vm/snapshots',
    summary: 'Save memory, devices and disks of a running or paused VM under a name',
    progress: true,
    input: OneVm.extend({ name: VmName.optional() }),
    output: Snapshot,
    errors: [...noVm, 'snapshot.exists', 'host.disk_full'],
  }),
  restoreSnapshot: route({
    method: 'POST',
    path: '/v1/vms/:vm/snapshots/:snapshot/restore',
    summary: 'Go back to a snapshot and run on from there; what came after it is lost',
    progress: true,
    input: OneSnapshot,
    output: Vm,
    errors: [...noVm, ...startErrors, 'snapshot.not_found', 'host.disk_full'],
  }),
  deleteSnapshot: route({
    method: 'DELETE',
    path: '/v1/vms/:vm/snapshots/:snapshot',
    summary: 'Delete a snapshot',
    input: OneSnapshot,
    output: Nothing,
    errors: [...noVm, 'snapshot.not_found'],
  }),
  forkVm: route({
    method: 'POST',
    path: '/v1/vms/:vm/fork',
    summary: 'Make independent running copies of a running VM, each with an identity of its own',
    progress: true,
    input: OneVm.extend(ForkVmRequest.shape),
    output: z.array(Vm),
    errors: [...noVm, ...startErrors, 'vm.name_taken', 'host.disk_full'],
  }),

  listTemplates: route({
    method: 'GET',
    path: '/v1/templates',
    summary: 'What is kept warm',
    input: Nothing,
    output: z.array(Template),
    errors: [],
  }),
  deleteTemplate: route({
    method: 'DELETE',
    path: '/v1/templates/:template',
    summary:
      'Delete a template that no running VM was forked from; the next start of its shape makes it anew',
    input: z.object({ template: Reference }),
    output: Nothing,
    errors: ['template.not_found', 'template.in_use'],
  }),
  pruneTemplates: route({
    method: 'POST',
    path: '/v1/prune/templates',
    summary: 'Delete every template that no running VM was forked from',
    input: Nothing,
    output: z.array(Template),
    errors: [],
  }),
};
