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

  test('has templates switched on, 20 GiB for them and one standby each', () => {
    const { values } = read(undefined);

    assert.equal(values['templates.enabled'], true);
    assert.equal(values['templates.max_bytes'], 20 * 1024 ** 3);
    assert.equal(values['templates.standby'], 1);
  });

  test('takes a size or a number of bytes for all templates', () => {
    const maxBytes = (value: string) =>
      read(`[templates]\nmax_bytes = ${value}`).values['templates.max_bytes'];

    assert.deepEqual(['"20G"', '"512M"', '123456', '"123456"'].map(maxBytes), [
      20 * 1024 ** 3,
      512 * 1024 ** 2,
      123_456,
      123_456,
    ]);
  });

  test('switches templates by the file and by the environment', () => {
    const enabled = (text?: string, variable?: string) =>
      read(text, variable === undefined ? {} : { BANGER_TEMPLATES_ENABLED: variable }).values[
        'templates.enabled'
      ];

    assert.equal(enabled('[templates]\nenabled = false'), false);
    assert.deepEqual(
      ['true', 'false', '1', '0'].map((variable) => enabled(undefined, variable)),
      [true, false, true, false],
    );
  });

  test('takes no standby for an answer', () => {
    const { values } = read('templates.standby = 0', { BANGER_TEMPLATES_MAX_BYTES: '1G' });

    assert.equal(values['templates.standby'], 0);
    assert.equal(values['templates.max_bytes'], 1024 ** 3);
  });

  for (const [text, message] of [
    [
      '[templates]\nenabled = "on"',
      /"templates\.enabled" at .*:2: "on" is not allowed \(true or false\)/,
    ],
    ['[templates]\nenabled = 1', /1 is not allowed \(true or false\)/],
    [
      '[templates]\nmax_bytes = 0',
      /0 is not allowed \(a size such as "20G" or a number of bytes\)/,
    ],
    ['[templates]\nmax_bytes = -1', /-1 is not allowed \(a size such as "20G"/],
    ['[templates]\nmax_bytes = "many"', /"many" is not allowed \(a size such as "20G"/],
    ['[templates]\nmax_bytes = true', /true is not allowed \(a size such as "20G"/],
    ['[templates]\nstandby = -1', /-1 is not allowed \(a whole number, 0 for none\)/],
    ['[templates]\nstandby = 1.5', /1\.5 is not allowed \(a whole number, 0 for none\)/],
    ['[templates]\nstandby = "some"', /"some" is not allowed \(a whole number, 0 for none\)/],
    ['templates = true', /key "templates" at .*:1: there is no such key/],
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

  test('knows which files every VM gets', () => {
    const text =
      '[[file_sync]]\nhost = "~/.netrc"\nguest = "~/"\n[[file_sync]]\nhost = "/etc/ca"\nguest = "/root/ca"\nmode = "0644"';

    const { fileSync, effective } = read(text, { HOME: '/home/ana' });

    assert.deepEqual(fileSync, [
      { host: '/home/ana/.netrc', guest: '/root/.netrc', mode: 0o600 },
      { host: '/etc/ca', guest: '/root/ca', mode: 0o644 },
    ]);
    const shown = effective.find(({ key }) => key === 'file_sync');
    assert.deepEqual([shown?.origin, shown?.source], ['file', `${file}:1`]);
    assert.deepEqual(read(undefined).fileSync, []);
  });

  for (const [entry, message] of [
    ['host = "x"\nguest = "~/x"', /entry 1 at .*config\.toml:4: "host" takes an absolute path/],
    ['host = "~/../x"\nguest = "~/x"', /"host" takes a path without "\.\."/],
    ['host = ""\nguest = "~/x"', /"host" takes a path without/],
    ['host = "~/x"\nguest = "/etc/x"', /"guest" takes a path that begins with "~\/" or "\/root\/"/],
    ['host = "~/x"\nguest = "~/../etc"', /"guest" takes a path without/],
    ['host = "~/x"\nguest = ""', /"guest" takes/],
    ['host = "~/x"\nguest = "~"', /"guest" takes/],
    ['host = "~/x"', /"guest" takes a path/],
    ['host = "~/x"\nguest = "~/x"\nmode = 644', /"mode" takes permissions in quotes/],
    ['host = "~/x"\nguest = "~/x"\nmode = "rw"', /"mode" takes permissions in quotes/],
    ['host = "~/x"\nguest = "~/x"\nowner = "ana"', /there is no key "owner"/],
  ] as const) {
    test(`refuses a file_sync of ${JSON.stringify(entry)}`, () => {
      const fine = '[[file_sync]]\nhost = "~/x"\nguest = "~/x"\n';
      assert.throws(() => read(`${fine}[[file_sync]]\n${entry}`), {
        code: 'config.invalid',
        message,
      });
    });
  }

  test('knows registries with their mirrors', () => {
    const text =
      '[[registry]]\nhost = "docker.io"\nmirrors = ["https://m.example.com"]\n[[registry]]\nhost = "[::1]:5000"\ninsecure = true';

    const { registries, effective } = read(text);

    assert.deepEqual(registries, [
      { host: 'docker.io', mirrors: ['https://m.example.com'], insecure: false },
      { host: '[::1]:5000', mirrors: [], insecure: true },
    ]);
    assert.equal(effective.find(({ key }) => key === 'registry')?.source, `${file}:1`);
    assert.deepEqual(read(undefined).registries, []);
  });

  for (const [entry, message] of [
    ['mirrors = []', /registry entry 1 at .*config\.toml:3: "host" takes a host as in image names/],
    ['host = "https://docker.io"', /"host" takes a host/],
    ['host = "docker.io/library"', /"host" takes a host/],
    ['host = "x"\nmirrors = "https://x"', /"mirrors" takes a list of URLs/],
    ['host = "x"\nmirrors = ["x"]', /"mirrors\.0" takes a URL such as/],
    ['host = "x"\nmirrors = ["file:///x"]', /"mirrors\.0" takes a URL such as/],
    ['host = "x"\ninsecure = "yes"', /"insecure" takes true or false/],
    ['host = "x"\nmirror = []', /there is no key "mirror"/],
  ] as const) {
    test(`refuses a registry of ${JSON.stringify(entry)}`, () => {
      assert.throws(() => read(`[[registry]]\nhost = "x"\n[[registry]]\n${entry}`), {
        code: 'config.invalid',
        message,
      });
    });
  }

  test('refuses a file_sync that is no list of tables', () => {
    assert.throws(() => read('file_sync = "x"'), {
      code: 'config.invalid',
      message: /\[\[file_sync\]\]/,
    });
  });

  test('names the variable when the environment is wrong', () => {
    assert.throws(() => read(undefined, { BANGER_ACCEL: 'warp' }), {
      code: 'config.invalid',
      message: /key "accel" at BANGER_ACCEL/,
    });
  });
});
