import { ImageId, KernelId, newVmId } from '@banger/protocol/ids';
import { noLimits } from '@banger/protocol/limits';
import type { VmSpec } from '@banger/protocol/vm';

import { tapName } from '../network/bridge/tap-name.ts';
import type { BridgeNetwork } from './bridge-addresses.ts';
import { makePlan } from './make-plan.ts';
import { freePlace } from './network-place.ts';
import type { MachinePlan } from './plan.ts';
import type { VmRecord } from './record.ts';

export function aSpec(change: Partial<VmSpec> = {}): VmSpec {
  return {
    name: 'web',
    image: 'debian-bookworm-slim',
    kernel: 'debian-6.1',
    vcpu: 1,
    memoryMib: 512,
    diskMib: 1024,
    overlayMib: 1024,
    vmm: 'fake',
    accel: 'tcg',
    accelAuto: true,
    network: 'user',
    nat: true,
    isolated: true,
    publish: [],
    ...noLimits,
    ...change,
  };
}

export function aBridge(change: Partial<BridgeNetwork> = {}): BridgeNetwork {
  return {
    name: 'br-banger',
    gateway: '172.16.0.1',
    subnet: '172.16.0.0/24',
    dnsServers: () => ['192.0.2.53'],
    tapOf: (index) => tapName('/state', index),
    isOpen: false,
    ...change,
  };
}

export function aRecord(change: Partial<VmRecord> = {}): VmRecord {
  const name = change.name ?? 'web';
  return {
    id: newVmId(),
    name,
    state: { name: 'created' },
    settled: true,
    ephemeral: false,
    purpose: 'user',
    warm: true,
    spec: aSpec({ name }),
    provenance: {},
    plan: null,
    imageId: null,
    kernelId: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    startedAt: null,
    bootId: null,
    vmm: null,
    timings: [],
    startedFrom: null,
    hygiene: [],
    snapshots: [],
    workspace: null,
    warnings: [],
    generation: 1,
    ...change,
  };
}

export function aPlan(change: Partial<VmSpec> & { readonly root?: string } = {}): MachinePlan {
  const { root = '/nowhere', ...spec } = change;
  const dir = `${root}/store`;
  return makePlan({
    id: newVmId(),
    spec: aSpec(spec),
    image: {
      id: ImageId.parse('img_0123456789abcdef'),
      init: 'agent',
      rootDisk: `${dir}/rootfs.ext4`,
    },
    kernel: {
      id: KernelId.parse('krn_0123456789abcdef'),
      release: '6.1.0-1-cloud-amd64',
      vmlinux: `${dir}/vmlinux`,
      modulesDisk: `${dir}/modules.ext4`,
    },
    initrd: `${dir}/initrd.cpio`,
    network: freePlace(aSpec(spec), [], { vmsDir: `${root}/vms`, bridge: aBridge() }),
    dirs: { vms: `${root}/vms`, runtimeDir: `${root}/run`, forks: `${root}/forks` },
  });
}
