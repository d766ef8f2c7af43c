import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { parseConfig } from './config.ts';

const file = '/home/ana/.config/banger/config.toml';
const read = (text: string | undefined, env: Record<string, string> = {}) =>
  parseConfig({ file, text, env });

suite('configuration', () => {
  test('has a default for every key when there is no file', () => {
    const { values, effective } = read(undefined);

    assert.equal(values.default_image, 'debian-bookworm');
    assert.equal(values['vm_defaults.memory'], undefined);
    assert.equal(effective.find(({ key }) => key === 'vm_defaults.memory')?.origin, 'host');
  });

  test('takes the file over the default and says which line', () => {
    const { values, effective } = read('# mine\naccel = "tcg"\n\n[vm_defaults]\nmemory = "2G"\n');

    assert.equal(values.accel, 'tcg');
    assert.equal(values['vm_defaults.memory'], 2048);
    assert.deepEqual(
      effective.filter(({ origin }) => origin === 'file').map(({ key, source }) => [key, source]),
      [
        ['accel', `${file}:2`],
        ['vm_defaults.memory', `${file}:5`],
      ],
    );
  });

  test('takes the environment over the file', () => {
    const { values } = read('[vm_defaults]\nvcpu = 1', { BANGER_VM_DEFAULTS_VCPU: '2' });

    assert.equal(values['vm_defaults.vcpu'], 2);
  });

  for (const [text, message] of [
    ['colour = "red"', /key "colour" at .*config\.toml:1: there is no such key/],
    ['\n[vm_defaults]\nsize = 3', /key "vm_defaults\.size" at .*:3: there is no such key/],
    ['log_level = "loud"', /key "log_level" at .*:1: "loud" is not allowed/],
    ['[vm_defaults]\nmemory = 0', /key "vm_defaults\.memory" at .*:2: 0 is not allowed/],
    ['[vm_defaults]\nmemory = "-1G"', /"-1G" is not allowed \(a size such as/],
    ['[vm_defaults]\nvcpu = 1.5', /1\.5 is not allowed \(a whole number above zero\)/],
    ['qemu_bin = "qemu"', /an absolute path/],
    ['accel = ', /at .*config\.toml:1: not valid TOML/],
  ] as const) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => read(text), { code: 'config.invalid', message });
    });
  }

  test('names the variable when the environment is wrong', () => {
    assert.throws(() => read(undefined, { BANGER_ACCEL: 'warp' }), {
      code: 'config.invalid',
      message: /key "accel" at BANGER_ACCEL/,
    });
  });
});
