import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { aPlan } from '../../machine/fixtures.ts';
import { explainDeath } from './explain-death.ts';
import { explainSilence } from './explain-silence.ts';
import { classifyExit, type QemuEnd } from './qemu-exit.ts';

const clean = { exitCode: 0, signal: null };
const unknown = { exitCode: null, signal: null };
const crashed = (exitCode: number | null) => ({ kind: 'crashed', exitCode, logFile: 'log' });

suite('the end of QEMU', () => {
  const table: readonly (readonly [string, Partial<QemuEnd>, unknown])[] = [
    ['power-off', { shutdownCause: 'guest-shutdown', status: clean }, { kind: 'guest-off' }],
    [
      'power-off, adopted',
      { shutdownCause: 'guest-shutdown', status: unknown },
      { kind: 'guest-off' },
    ],
    ['reset', { shutdownCause: 'guest-reset', status: clean }, { kind: 'guest-reset' }],
    ['panic', { shutdownCause: 'guest-panic', status: clean }, { kind: 'guest-reset' }],
    [
      'SIGTERM of anybody',
      { shutdownCause: 'host-signal', status: clean },
      { kind: 'killed', signal: 'SIGTERM' },
    ],
    [
      'SIGKILL',
      { status: { exitCode: null, signal: 'SIGKILL' } },
      { kind: 'killed', signal: 'SIGKILL' },
    ],
    [
      'our SIGKILL, adopted',
      { status: unknown, sent: 'SIGKILL' },
      { kind: 'killed', signal: 'SIGKILL' },
    ],
    ['an assertion', { status: { exitCode: null, signal: 'SIGABRT' } }, crashed(null)],
    ['a bad option', { status: { exitCode: 1, signal: null } }, crashed(1)],
    ['nobody knows', { status: unknown }, crashed(null)],
  ];
  for (const [what, end, expected] of table) {
    test(`is told from what it said and how it went: ${what}`, () => {
      const given = { shutdownCause: undefined, status: clean, sent: undefined, logFile: 'log' };

      assert.deepEqual(classifyExit({ ...given, ...end }), expected);
    });
  }
});

suite('a QEMU that does not start', () => {
  const plan = (accel: 'kvm' | 'tcg') => aPlan({ accel, memoryMib: 512 });
  const table = [
    [
      'tcg',
      "qemu-system-x86_64: -blockdev x: Could not open 'f'",
      'vm.start_failed',
      'QEMU ended: -blockdev x:',
    ],
    [
      'tcg',
      'Failed to get "write" lock\nIs another process using the image [f]?',
      'vm.start_failed',
      'another process',
    ],
    [
      'tcg',
      'cannot set up guest memory: Cannot allocate memory',
      'host.resources',
      'cannot give 512M',
    ],
    [
      'kvm',
      'qemu-system-x86_64: error: failed to set MSR 0x10a\nkvm.c:1: Assertion failed.',
      'host.kvm_unavailable',
      'error: failed to set MSR',
    ],
    ['tcg', '', 'vm.start_failed', 'it closed'],
  ] as const;
  for (const [accel, output, code, fact] of table) {
    test(`is explained by its output under ${accel}: ${JSON.stringify(output)}`, () => {
      const error = explainDeath(plan(accel), output, new Error('it closed'));

      assert.equal(error.code, code);
      assert.ok(error.message.startsWith('Cannot start VM "web": '));
      assert.ok(error.message.includes(fact), error.message);
      assert.notEqual(error.hint, undefined);
    });
  }

  test('is explained when it says nothing in time', () => {
    assert.equal(explainSilence(plan('kvm'), 15_000, undefined).code, 'host.kvm_unavailable');
    assert.match(explainSilence(plan('tcg'), 15_000, undefined).message, /within 15 s$/);
  });
});
