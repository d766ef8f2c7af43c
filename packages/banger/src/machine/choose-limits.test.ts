import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { noLimits } from '@banger/protocol/limits';

import { parseConfig } from '../host/config.ts';
import { changeLimits, chooseLimits, isLimited, requireLimits } from './choose-limits.ts';
import { aSpec } from './fixtures.ts';

const configured = [
  '[vm_defaults]',
  'disk_bandwidth = "50M"',
  'disk_iops = 500',
  'network_bandwidth = "none"',
].join('\n');

function choose(request: object, text?: string) {
  const { values: config } = parseConfig({ file: 'config.toml', text, env: {} });
  return chooseLimits(request, { config, originOf: () => 'config' });
}

suite('the limits of a VM', () => {
  test('are none unless somebody asks for some', () => {
    assert.deepEqual(choose({}).limits, noLimits);
    assert.equal(isLimited(noLimits), false);
  });

  test('are the configured ones, and a request counts before them', () => {
    const { limits, provenance } = choose({ diskOpsPerSecond: 9 }, configured);

    assert.deepEqual(limits, {
      diskMibPerSecond: 50,
      diskOpsPerSecond: 9,
      networkMibPerSecond: null,
    });
    assert.deepEqual(
      [provenance.diskMibPerSecond, provenance.diskOpsPerSecond],
      ['config', 'flag'],
    );
    assert.ok(isLimited(limits));
  });

  test('are taken away by a request for none', () => {
    assert.equal(choose({ diskMibPerSecond: null }, configured).limits.diskMibPerSecond, null);
  });

  test('change where a change says so', () => {
    const before = { diskMibPerSecond: 1, diskOpsPerSecond: 2, networkMibPerSecond: 3 };

    assert.deepEqual(changeLimits(before, { diskMibPerSecond: null, diskOpsPerSecond: 4 }), {
      diskMibPerSecond: null,
      diskOpsPerSecond: 4,
      networkMibPerSecond: 3,
    });
  });

  test('are refused where the monitor has none', () => {
    const spec = aSpec({ vmm: 'qemu', networkMibPerSecond: 5 });

    requireLimits(spec, { networkLimits: true });
    requireLimits(aSpec({ diskMibPerSecond: 5 }), { networkLimits: false });
    assert.throws(
      () => {
        requireLimits(spec, { networkLimits: false });
      },
      { code: 'usage.invalid', message: /network of VM "web": VMM "qemu" has no limit/ },
    );
  });
});
