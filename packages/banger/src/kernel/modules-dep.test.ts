import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { loadOrder, moduleName, parseModulesDep } from './modules-dep.ts';

const text = `kernel/virtio/virtio.ko: kernel/virtio/virtio_ring.ko
kernel/virtio/virtio_ring.ko:
kernel/net/virtio_net.ko: kernel/net/net_failover.ko kernel/core/failover.ko kernel/virtio/virtio.ko kernel/virtio/virtio_ring.ko
kernel/net/net_failover.ko: kernel/core/failover.ko
kernel/core/failover.ko:
kernel/hw/virtio-rng.ko: kernel/virtio/virtio.ko kernel/virtio/virtio_ring.ko
`;

suite('the order of modules', () => {
  test('puts everything after what it needs, once', () => {
    const order = loadOrder(parseModulesDep(text), ['virtio_net', 'virtio_rng', 'virtio_net']);

    assert.deepEqual(order.map(moduleName), [
      'failover',
      'net_failover',
      'virtio_ring',
      'virtio',
      'virtio_net',
      'virtio_rng',
    ]);
  });

  test('leaves out what is no module', () => {
    assert.deepEqual(loadOrder(parseModulesDep(text), ['ext4']), []);
  });

  test('refuses modules that need each other', () => {
    const circle = parseModulesDep('a.ko: b.ko\nb.ko: a.ko\n');

    assert.throws(() => loadOrder(circle, ['a']), /needs itself/);
  });

  test('holds for any modules without a circle', () => {
    // Module n may need only modules with lower numbers.
    const needs = fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(needs, (all) => {
        const lines = all.map((wanted, number) => {
          const paths = wanted.filter((need) => need < number).map((need) => `m${String(need)}.ko`);
          return `m${String(number)}.ko: ${paths.join(' ')}`;
        });
        const files = parseModulesDep(lines.join('\n'));
        const order = loadOrder(files, [...files.keys()]);
        assert.equal(order.length, all.length);
        for (const [place, path] of order.entries()) {
          const before = new Set(order.slice(0, place));
          assert.ok(files.get(moduleName(path))?.needs.every((need) => before.has(need)));
        }
      }),
    );
  });
});
