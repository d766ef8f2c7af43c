import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';
import type { ImageRun } from '@banger/protocol/image-config';
import type { ImageId, VmId } from '@banger/protocol/ids';
import { MAX_SOCKET_PATH_BYTES } from '@banger/protocol/runtime-dir';
import type { VmSpec } from '@banger/protocol/vm';

import type { StoredImage } from '../image/images.ts';
import type { StoredKernel } from '../kernel/kernels.ts';
import { macOfAddress } from './bridge-addresses.ts';
import { imageRun } from './image-run.ts';
import type { NetworkPlace } from './network-place.ts';
import { powerOn, type MachinePlan } from './plan.ts';

export interface PlanParts {
  readonly id: VmId;
  readonly spec: VmSpec;
  readonly image: Pick<StoredImage, 'init' | 'rootDisk'> & {
    readonly id: ImageId | null;
    readonly config?: ImageRun | undefined;
  };
  readonly build?: MachinePlan['build'];
  readonly kernel: Pick<StoredKernel, 'id' | 'release' | 'vmlinux' | 'modulesDisk'>;
  readonly initrd: string;
  /** No two VMs have the same */
  readonly network: NetworkPlace;
  /** Directories of this banger */
  readonly dirs: { readonly vms: string; readonly runtimeDir: string; readonly forks: string };
}

/** Spec + what it is made from → every name, address and path. Pure. */
export function makePlan(parts: PlanParts): MachinePlan {
  const { id, spec, image, kernel, initrd, network, dirs } = parts;
  const dir = join(dirs.vms, id);
  const runDir = join(dirs.runtimeDir, 'vms', id);
  const plan: MachinePlan = {
    id,
    spec,
    imageId: image.id,
    imageRun: image.config && imageRun(spec.image, image.config),
    kernelId: kernel.id,
    kernelRelease: kernel.release,
    init: image.init,
    paths: {
      dir,
      runDir,
      kernel: kernel.vmlinux,
      initrd,
      baseDisk: image.rootDisk,
      modulesDisk: kernel.modulesDisk ?? null,
      overlayDisk: join(dir, 'overlay.ext4'),
      workDisk: join(dir, 'work.ext4'),
      monitorSocket: join(runDir, 'qmp.sock'),
      agentSocket: join(runDir, 'agent0.sock'),
      bulkSocket: join(runDir, 'agent1.sock'),
      pidFile: join(dir, 'monitor.pid'),
      savedDir: join(dir, 'saved'),
      snapshots: join(dir, 'snapshots'),
      hostKey: join(dir, 'ssh_host_ed25519_key'),
      consoleLog: join(dir, 'console.log'),
      vmmLog: join(dir, 'vmm.log'),
    },
    network: { ...network, mac: macOf(id, network) },
    machineId: digestOf('machine-id', id).toString('hex', 0, 16),
    start: powerOn,
    build: parts.build ?? null,
  };
  checkSocketPath(plan.paths.agentSocket);
  return plan;
}

/** The plan of another VM that is made of the same parts. Pure. */
export function planLike(
  { imageId, imageRun: config, kernelId, kernelRelease, init, paths }: MachinePlan,
  parts: Pick<PlanParts, 'id' | 'spec' | 'network' | 'dirs'>,
): MachinePlan {
  return makePlan({
    ...parts,
    image: { id: imageId, init, rootDisk: paths.baseDisk, config },
    kernel: {
      id: kernelId,
      release: kernelRelease,
      vmlinux: paths.kernel,
      modulesDisk: paths.modulesDisk ?? undefined,
    },
    initrd: paths.initrd,
  });
}

/** Locally administered, unicast (IEEE 802 section 8.2.1), the same for the whole life of the VM. */
function macOf(id: VmId, { mode, guestAddress }: NetworkPlace): string {
  if (mode === 'bridge') return macOfAddress(guestAddress);
  const bytes = [0x02, 0xba, ...digestOf(id).subarray(0, 4)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function digestOf(...parts: readonly string[]): Buffer {
  return createHash('sha256').update(parts.join(' ')).digest();
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
