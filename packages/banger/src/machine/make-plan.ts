import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';
import type { VmId } from '@banger/protocol/ids';
import { MAX_SOCKET_PATH_BYTES } from '@banger/protocol/runtime-dir';
import type { VmSpec } from '@banger/protocol/vm';

import type { StoredImage } from '../image/images.ts';
import type { StoredKernel } from '../kernel/kernels.ts';
import type { MachinePlan } from './plan.ts';

export interface PlanParts {
  readonly id: VmId;
  readonly spec: VmSpec;
  readonly image: StoredImage;
  readonly kernel: StoredKernel;
  readonly initrd: string;
  /** Directories of this banger */
  readonly dirs: { readonly vms: string; readonly runtimeDir: string };
}

/** Spec + what it is made from → every name, address and path. Pure. */
export function makePlan({ id, spec, image, kernel, initrd, dirs }: PlanParts): MachinePlan {
  const dir = join(dirs.vms, id);
  const runDir = join(dirs.runtimeDir, 'vms', id);
  const plan: MachinePlan = {
    id,
    spec,
    imageId: image.id,
    kernelId: kernel.id,
    kernelRelease: kernel.release,
    init: image.init,
    paths: {
      dir,
      runDir,
      kernel: kernel.vmlinux,
      initrd,
      baseDisk: image.rootDisk,
      modulesDisk: kernel.modulesDisk,
      overlayDisk: join(dir, 'overlay.ext4'),
      workDisk: join(dir, 'work.ext4'),
      monitorSocket: join(runDir, 'qmp.sock'),
      agentSocket: join(runDir, 'agent0.sock'),
      bulkSocket: join(runDir, 'agent1.sock'),
      pidFile: join(dir, 'monitor.pid'),
      consoleLog: join(dir, 'console.log'),
      vmmLog: join(dir, 'vmm.log'),
    },
    network: {
      mode: 'user',
      mac: macOf(id),
      guestAddress: '10.0.2.15/24',
      gateway: '10.0.2.2',
      dnsServers: ['10.0.2.3'],
      nat: spec.nat,
    },
  };
  checkSocketPath(plan.paths.agentSocket);
  return plan;
}

/** Locally administered, unicast (IEEE 802 section 8.2.1), the same for the whole life of the VM. */
function macOf(id: VmId): string {
  const hash = createHash('sha256').update(id).digest();
  const bytes = [0x02, 0xba, ...hash.subarray(0, 4)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function checkSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  throw new BangerError(
    'host.path_unusable',
    `Cannot use socket path "${path}": it has ${String(bytes)} bytes and a unix socket takes ${String(MAX_SOCKET_PATH_BYTES)}`,
    { hint: 'export XDG_RUNTIME_DIR=/run/user/$(id -u)' },
  );
}
