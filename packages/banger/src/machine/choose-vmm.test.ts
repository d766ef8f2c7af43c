import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';

import { chooseVmm, networkFor, type VmmFacts, type VmmWishes } from './choose-vmm.ts';

const missing = { what: 'Cannot run "firecracker": it is not installed', hint: 'get it' };
const noSlirp = { what: 'the program "slirp4netns" is not there', hint: 'get that' };

const hosts = {
  hardware: { accelerator: (wanted) => (wanted === 'tcg' ? 'tcg' : 'kvm') },
  'hardware without slirp4netns': {
    accelerator: (wanted) => (wanted === 'tcg' ? 'tcg' : 'kvm'),
    userProblem: noSlirp,
  },
  'hardware without Firecracker': {
    accelerator: (wanted) => (wanted === 'tcg' ? 'tcg' : 'kvm'),
    firecrackerProblem: missing,
  },
  'a KVM that may lie': { accelerator: (wanted) => (wanted === 'kvm' ? 'kvm' : 'tcg') },
  'no KVM': {
    accelerator(wanted) {
      if (wanted !== 'kvm') return 'tcg';
      throw new BangerError('host.kvm_unavailable', 'Cannot use KVM: it is not there');
    },
  },
} as const satisfies Record<string, Partial<VmmFacts>>;

const wishes: VmmWishes = { vmm: 'auto', accel: 'auto', network: 'bridge', vcpu: 2 };
const choose = (host: keyof typeof hosts, change: Partial<VmmWishes>) =>
  chooseVmm(
    { ...wishes, ...change },
    { firecrackerProblem: undefined, userProblem: undefined, bridgeWorks: true, ...hosts[host] },
  );

suite('the monitor of a VM', () => {
  for (const [host, change, expected] of [
    ['hardware', {}, 'firecracker kvm, may fall back'],
    ['hardware', { accel: 'kvm' }, 'firecracker kvm'],
    ['hardware', { accel: 'tcg' }, 'qemu tcg'],
    ['hardware', { network: 'user' }, 'firecracker kvm, may fall back'],
    ['hardware without slirp4netns', { network: 'user' }, 'qemu kvm, may fall back'],
    ['hardware without slirp4netns', { network: 'bridge' }, 'firecracker kvm, may fall back'],
    ['hardware', { vcpu: 33 }, 'qemu kvm, may fall back'],
    ['hardware', { vmm: 'qemu' }, 'qemu kvm, may fall back'],
    ['hardware', { vmm: 'firecracker' }, 'firecracker kvm'],
    ['hardware', { vmm: 'firecracker', network: 'user' }, 'firecracker kvm'],
    ['hardware without Firecracker', {}, 'qemu kvm, may fall back'],
    ['a KVM that may lie', {}, 'qemu tcg, may fall back'],
    ['a KVM that may lie', { accel: 'kvm' }, 'qemu kvm'],
    ['a KVM that may lie', { vmm: 'firecracker', accel: 'kvm' }, 'firecracker kvm'],
    ['a KVM that may lie', { network: 'user' }, 'qemu tcg, may fall back'],
    ['no KVM', {}, 'qemu tcg, may fall back'],
  ] as const) {
    test(`is ${expected} on ${host} for ${JSON.stringify(change)}`, () => {
      const { vmm, accel, accelAuto } = choose(host, change);

      assert.equal(`${vmm} ${accel}${accelAuto ? ', may fall back' : ''}`, expected);
    });
  }

  for (const [host, change, code, message] of [
    [
      'hardware without slirp4netns',
      { network: 'user' },
      'host.network_unavailable',
      /on network "user": the program "slirp4netns" is not there/,
    ],
    ['hardware', { accel: 'tcg' }, 'usage.invalid', /runs under KVM only/],
    ['hardware', { vcpu: 33 }, 'usage.invalid', /at most 32 vCPUs, not 33/],
    ['hardware without Firecracker', {}, 'host.tool_missing', /is not installed/],
    ['a KVM that may lie', {}, 'host.kvm_unavailable', /needs hardware KVM/],
    ['no KVM', {}, 'host.kvm_unavailable', /needs hardware KVM/],
    ['no KVM', { accel: 'kvm' }, 'host.kvm_unavailable', /Cannot use KVM/],
  ] as const) {
    test(`refuses Firecracker on ${host} for ${JSON.stringify(change)}`, () => {
      assert.throws(() => choose(host, { vmm: 'firecracker', ...change }), { code, message });
    });
  }
});

suite('the network of a VM that asks for none', () => {
  for (const [host, change, bridgeWorks, expected] of [
    ['hardware', {}, true, 'bridge'],
    ['hardware', { accel: 'kvm' }, true, 'bridge'],
    ['hardware', {}, false, 'user'],
    ['hardware', { accel: 'tcg' }, true, 'user'],
    ['hardware', { vcpu: 33 }, true, 'user'],
    ['hardware', { vmm: 'qemu' }, true, 'user'],
    ['hardware without Firecracker', {}, true, 'user'],
    ['hardware without slirp4netns', {}, true, 'bridge'],
    ['hardware without slirp4netns', { vmm: 'firecracker' }, false, 'user'],
    ['a KVM that may lie', {}, true, 'user'],
    ['a KVM that may lie', { vmm: 'firecracker', accel: 'kvm' }, true, 'bridge'],
    ['no KVM', {}, true, 'user'],
    ['no KVM', { vmm: 'firecracker' }, false, 'user'],
  ] as const) {
    const where = `${host}${bridgeWorks ? '' : ' without a bridge'}`;
    test(`is ${expected} on ${where} for ${JSON.stringify(change)}`, () => {
      const none = { firecrackerProblem: undefined, userProblem: undefined };
      const facts = { ...none, ...hosts[host], bridgeWorks };

      assert.equal(networkFor({ ...wishes, ...change }, facts), expected);
    });
  }
});
