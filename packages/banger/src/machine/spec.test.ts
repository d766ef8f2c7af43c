import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { noLimits } from '@banger/protocol/limits';
import { CreateVmRequest } from '@banger/protocol/vm-requests';

import type { ConfigValues } from '../host/config-keys.ts';
import { aSpec } from './fixtures.ts';
import { changeSpec, resolveSpec, type SpecContext } from './spec.ts';

const config: ConfigValues = {
  log_level: 'info',
  default_image: 'debian-bookworm',
  default_kernel: 'debian-6.1',
  vmm: 'auto',
  accel: 'auto',
  qemu_bin: undefined,
  firecracker_bin: undefined,
  jailer_bin: undefined,
  jailer_enabled: true,
  network: 'auto',
  bridge_name: 'br-banger',
  bridge_ip: '172.16.0.1',
  cidr: '172.16.0.0/24',
  dns_servers: undefined,
  tap_pool_size: 4,
  ssh_key_path: undefined,
  dns_listen: 'off',
  debian_mirror: undefined,
  debian_security_mirror: undefined,
  'vm_defaults.vcpu': undefined,
  'vm_defaults.memory': undefined,
  'vm_defaults.disk_size': 8192,
  'vm_defaults.overlay_size': 8192,
  'vm_defaults.disk_bandwidth': 'none',
  'vm_defaults.disk_iops': 'none',
  'vm_defaults.network_bandwidth': 'none',
  'templates.enabled': true,
  'templates.max_bytes': 20 * 1024 ** 3,
  'templates.standby': 1,
};
const host = { cpus: 8, memoryMib: 32_768, diskMib: 100_000 };
const context: SpecContext = {
  config,
  originOf: () => 'built-in',
  host,
  madeUpName: 'calm-otter',
  accelerator: (wanted) => (wanted === 'kvm' ? 'kvm' : 'tcg'),
  firecrackerProblem: undefined,
  bridgeWorks: false,
  userProblem: undefined,
  limitsNetwork: (vmm) => vmm === 'firecracker',
};
const resolve = (request: object, change: Partial<SpecContext> = {}) =>
  resolveSpec(CreateVmRequest.parse(request), { ...context, ...change });

suite('spec', () => {
  test('chooses everything that is left out and says from where', () => {
    const { spec, provenance } = resolve({});

    assert.deepEqual(spec, {
      name: 'calm-otter',
      image: 'debian-bookworm',
      kernel: 'debian-6.1',
      vcpu: 2,
      memoryMib: 4096,
      diskMib: 8192,
      overlayMib: 8192,
      vmm: 'qemu',
      accel: 'tcg',
      accelAuto: true,
      network: 'user',
      nat: true,
      isolated: true,
      publish: [],
      ...noLimits,
    });
    assert.equal(provenance['diskMibPerSecond'], 'built-in');
    assert.equal(provenance['vcpu'], 'host');
    assert.equal(provenance['diskMib'], 'built-in');
    assert.equal(provenance['accel'], 'host');
  });

  test('takes the flag over the configuration over the host', () => {
    const configured = { ...config, 'vm_defaults.vcpu': 3, 'vm_defaults.memory': 1024 };
    const { spec, provenance } = resolve(
      { memoryMib: 600 },
      { config: configured, originOf: () => 'config' },
    );

    assert.equal(spec.vcpu, 3);
    assert.equal(provenance['vcpu'], 'config');
    assert.equal(spec.memoryMib, 600);
    assert.equal(provenance['memoryMib'], 'flag');
  });

  test('keeps an accelerator that was asked for from falling back', () => {
    const { spec } = resolve({ accel: 'kvm' });

    assert.equal(spec.accel, 'kvm');
    assert.equal(spec.accelAuto, false);
  });

  for (const [request, message] of [
    [{ vcpu: 9 }, /Cannot give VM "calm-otter" 9 vCPUs: the host has 8 CPUs/],
    [{ memoryMib: 65_536 }, /64G of memory: the host has 32G/],
    [{ diskMib: 200_000 }, /a disk of 200000M: the host has a file system of 100000M/],
    [{ memoryMib: 64 }, /64M of memory: a kernel needs at least 128M/],
    [{ vmm: 'firecracker', accel: 'tcg' }, /it runs under KVM only/],
  ] as const) {
    test(`refuses ${JSON.stringify(request)}`, () => {
      assert.throws(() => resolve(request), { message });
    });
  }

  test('says how to do with a smaller disk, by a flag or where there is none', () => {
    assert.throws(() => resolve({ diskMib: 200_000 }), { hint: '--disk-size 50000M' });
    assert.throws(() => resolve({}, { host: { ...host, diskMib: 4096 } }), {
      hint: /^Set vm_defaults\.overlay_size = "2G" in the configuration/,
    });
  });

  for (const request of [
    { vcpu: 0 },
    { vcpu: -1 },
    { memoryMib: 0 },
    { diskMib: -5 },
    { name: 'Bad_Name' },
    { name: '-a' },
  ]) {
    test(`does not accept ${JSON.stringify(request)} as a request`, () => {
      assert.equal(CreateVmRequest.safeParse(request).success, false);
    });
  }

  test('grows a disk and does not shrink it', () => {
    assert.equal(changeSpec(aSpec({ diskMib: 1024 }), { diskMib: 2048 }, host).diskMib, 2048);
    assert.throws(() => changeSpec(aSpec({ diskMib: 1024 }), { diskMib: 512 }, host), {
      code: 'usage.invalid',
      message: 'Cannot shrink the disk of VM "web" to 512M: it has 1G',
    });
  });
});
