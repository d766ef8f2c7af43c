import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { api } from './api.ts';
import type { Route } from './route.ts';
import { VmState } from './vm.ts';

const routes: readonly (readonly [string, Route])[] = Object.entries(api);

suite('the API', () => {
  test('takes every parameter of a path from its input', () => {
    for (const [name, { path, input }] of routes) {
      for (const [, parameter = ''] of path.matchAll(/:([a-z]+)/gi)) {
        assert.ok(parameter in input.shape, `${name}: ${parameter}`);
      }
    }
  });

  test('has one route for a request', () => {
    const shapes = routes.map(([, { method, path }]) => `${method} ${path.replace(/:\w+/g, ':')}`);

    assert.deepEqual(shapes, [...new Set(shapes)]);
  });

  test('lists each error of a route once', () => {
    for (const [name, { errors }] of routes) {
      assert.deepEqual(errors, [...new Set(errors)], name);
    }
  });

  test('leaves out what a request need not say', () => {
    const created = api.createVm.input.parse({});
    const forked = api.forkVm.input.parse({ vm: 'web' });

    assert.deepEqual(created, { publish: [], start: true, template: true, ephemeral: false });
    assert.deepEqual(forked, { vm: 'web', count: 1 });
  });

  test('refuses names and counts that cannot be', () => {
    const refused = [
      api.createSnapshot.input.safeParse({ vm: 'web', name: 'Before' }),
      api.restoreSnapshot.input.safeParse({ vm: 'web', snapshot: '../before' }),
      api.deleteSnapshot.input.safeParse({ vm: 'web', snapshot: '' }),
      api.forkVm.input.safeParse({ vm: 'web', count: 0 }),
      api.forkVm.input.safeParse({ vm: 'web', count: 101 }),
      api.forkVm.input.safeParse({ vm: 'web', name: 'a_b' }),
    ];

    assert.deepEqual(
      refused.map(({ success }) => success),
      refused.map(() => false),
    );
  });
});

test('a VM is in one of these states, and a restoring one says which snapshot', () => {
  for (const name of ['paused', 'suspending', 'suspended'] as const) {
    assert.deepEqual(VmState.parse({ name }), { name });
  }
  assert.equal(VmState.safeParse({ name: 'restoring' }).success, false);
  assert.deepEqual(VmState.parse({ name: 'restoring', snapshot: 'before' }).name, 'restoring');
});
