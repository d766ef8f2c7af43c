import assert from 'node:assert/strict';
import { test } from 'node:test';

import { vmDefaultTexts } from './vm-default-texts.ts';

test('defaults of VMs are said in their units, limits that are none as such', () => {
  const said = { origin: 'default' } as const;
  const texts = vmDefaultTexts([
    { key: 'vmm', value: 'auto', ...said },
    { key: 'vm_defaults.vcpu', value: 2, origin: 'host' },
    { key: 'vm_defaults.disk_size', value: 8192, ...said },
    { key: 'vm_defaults.disk_bandwidth', value: 'none', ...said },
    { key: 'vm_defaults.disk_iops', value: 500, origin: 'file' },
    { key: 'vm_defaults.network_bandwidth', value: 10, origin: 'environment' },
  ]);

  assert.deepEqual(texts, [
    'vcpu 2 (host)',
    'disk_size 8G (default)',
    'disk_bandwidth none (default)',
    'disk_iops 500 (file)',
    'network_bandwidth 10M/s (environment)',
  ]);
});
