import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { type AcceleratorFacts, chooseAccelerator } from './accelerator.ts';
import { hardwareFlag, probeAccelerator } from './probe-accelerator.ts';

const good: AcceleratorFacts = { hardware: 'vmx', device: 'usable', failedBefore: false };

suite('the accelerator', () => {
  const table = [
    ['auto', good, 'kvm'],
    ['auto', { ...good, hardware: 'svm' }, 'kvm'],
    ['auto', { ...good, hardware: undefined }, 'tcg'],
    ['auto', { ...good, failedBefore: true }, 'tcg'],
    ['auto', { ...good, device: 'absent' }, 'tcg'],
    ['auto', { ...good, device: 'denied' }, 'tcg'],
    ['auto', { ...good, device: 'broken' }, 'tcg'],
    ['tcg', good, 'tcg'],
    ['tcg', { ...good, device: 'absent' }, 'tcg'],
    ['kvm', good, 'kvm'],
    ['kvm', { ...good, hardware: undefined }, 'kvm'],
    ['kvm', { ...good, failedBefore: true }, 'kvm'],
  ] as const;
  for (const [wanted, facts, accel] of table) {
    test(`is ${accel} when ${wanted} is wanted and the host says ${JSON.stringify(facts)}`, () => {
      const choice = chooseAccelerator(wanted, facts);

      assert.equal(choice.accel, accel);
      assert.notEqual(choice.reason, '');
    });
  }

  for (const device of ['absent', 'denied', 'broken'] as const) {
    test(`is refused with a way out when kvm is wanted and the device is ${device}`, () => {
      assert.throws(() => chooseAccelerator('kvm', { ...good, device }), {
        code: 'host.kvm_unavailable',
        hint: /^sudo /,
      });
    });
  }

  test('is told from whole CPU flags', () => {
    assert.equal(hardwareFlag('model name : x\nflags\t\t: fpu svm sse\n'), 'svm');
    assert.equal(hardwareFlag('flags : fpu vmx\n'), 'vmx');
    assert.equal(hardwareFlag('flags : fpu svm_lock\n'), undefined);
    assert.equal(hardwareFlag(''), undefined);
  });

  test('is told from whether the device opens', async () => {
    const cpuInfo = '/proc/cpuinfo';

    assert.equal((await probeAccelerator({ cpuInfo, device: '/dev/null' })).device, 'usable');
    assert.equal((await probeAccelerator({ cpuInfo, device: '/dev/none' })).device, 'absent');
    assert.equal((await probeAccelerator({ cpuInfo, device: '/dev' })).device, 'broken');
  });
});
