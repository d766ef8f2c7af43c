import type { MachinePlan } from '../../machine/plan.ts';
import { kernelCommandLine } from '../kernel-command-line.ts';
import type { ApiRequest } from './api-requests.ts';
import { cellFiles } from './cell.ts';
import { hasPageReporting } from './firecracker-versions.ts';
import { machineDrives } from './machine-drives.ts';
import { OWN_TAP } from './own-network/own-links.ts';
import { CARD, cardCall, cardLimiters } from './limit-calls.ts';
import { diskLimiter } from './rate-limiters.ts';

/** Two is the host (vsock(7)), and the guest the first that is left: each has a Firecracker, and so a host, of its own. */
const GUEST_CID = 3;
/**
 * A reset through the keyboard controller is how a guest ends its Firecracker, which has no ACPI power-off; the others
 * spare the kernel the search for a keyboard and a mouse (Firecracker's own default command line).
 */
const FOR_FIRECRACKER = 'reboot=k i8042.noaux i8042.nomux i8042.dumbkbd';

/** From a fresh Firecracker of this version to a guest that boots. Pure. */
export function bootCalls(plan: MachinePlan, version: string): readonly ApiRequest[] {
  const { spec, network } = plan;
  return [
    {
      method: 'PUT',
      path: '/machine-config',
      body: { vcpu_count: spec.vcpu, mem_size_mib: spec.memoryMib },
    },
    {
      method: 'PUT',
      path: '/boot-source',
      body: {
        kernel_image_path: cellFiles.kernel,
        initrd_path: cellFiles.initrd,
        boot_args: `${kernelCommandLine(spec.accel)} ${FOR_FIRECRACKER}`,
      },
    },
    ...machineDrives(plan).map(({ name, isReadOnly, isPassing }): ApiRequest => ({
      method: 'PUT',
      path: `/drives/${name}`,
      body: {
        drive_id: name,
        path_on_host: name,
        is_root_device: false,
        is_read_only: isReadOnly,
        cache_type: isReadOnly || isPassing ? 'Unsafe' : 'Writeback',
        rate_limiter: diskLimiter(spec),
      },
    })),
    {
      method: 'PUT',
      path: `/network-interfaces/${CARD}`,
      body: {
        iface_id: CARD,
        host_dev_name: tapOf(plan),
        guest_mac: network.mac,
        ...cardLimiters(spec),
      },
    },
    {
      method: 'PUT',
      path: '/vsock',
      body: { guest_cid: GUEST_CID, uds_path: cellFiles.vsock },
    },
    { method: 'PUT', path: '/entropy', body: {} },
    ...(hasPageReporting(version) ? [balloonCall] : []),
    { method: 'PUT', path: '/actions', body: { action_type: 'InstanceStart' } },
  ];
}

/**
 * A balloon that nobody ever inflates: by it the guest's kernel tells which memory it has freed, and Firecracker gives that
 * back to the host (docs/decisions/0032). Of its memory the agent tells when it is asked, so no timer wakes the guest for that.
 */
const balloonCall: ApiRequest = {
  method: 'PUT',
  path: '/balloon',
  body: {
    amount_mib: 0,
    deflate_on_oom: true,
    stats_polling_interval_s: 0,
    free_page_reporting: true,
  },
};

/**
 * From a fresh Firecracker to a machine that stands where it was saved. What it was saved with has the same names in every
 * cell, all but the tap; the drives are named again, so that Firecracker reads how large they are now. It was saved with
 * limits, too, perhaps of another time. Pure.
 */
export function loadCalls(plan: MachinePlan): readonly ApiRequest[] {
  return [
    {
      method: 'PUT',
      path: '/snapshot/load',
      body: {
        snapshot_path: cellFiles.state,
        mem_backend: { backend_type: 'File', backend_path: cellFiles.memory },
        resume_vm: false,
        network_overrides: [{ iface_id: CARD, host_dev_name: tapOf(plan) }],
      },
    },
    ...machineDrives(plan).map(({ name }): ApiRequest => ({
      method: 'PATCH',
      path: `/drives/${name}`,
      body: { drive_id: name, path_on_host: name, rate_limiter: diskLimiter(plan.spec) },
    })),
    cardCall(plan.spec),
  ];
}

/** Has Firecracker open a drive's file anew. */
export function renameDrive(name: string): ApiRequest {
  return {
    method: 'PATCH',
    path: `/drives/${name}`,
    body: { drive_id: name, path_on_host: name },
  };
}

export const saveCall: ApiRequest = {
  method: 'PUT',
  path: '/snapshot/create',
  body: {
    snapshot_type: 'Full',
    snapshot_path: cellFiles.savedState,
    mem_file_path: cellFiles.savedMemory,
  },
};

export function stateCall(state: 'Paused' | 'Resumed'): ApiRequest {
  return { method: 'PATCH', path: '/vm', body: { state } };
}

function tapOf({ network }: MachinePlan): string {
  return network.bridge?.tap ?? OWN_TAP;
}
