import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';

import { assertFails, listVms, SMALL, useFakeQemu, writeConfig } from '../support/faults.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';

/** What people type wrong, and what is missing on the host. Nothing boots here. */

const create = (...more: readonly string[]) => ['vm', 'create', '--no-start', ...SMALL, ...more];

sandboxTest('names, sizes, images and kernels that cannot be', {}, async (home) => {
  await home.ok(create('--name', 'taken'));

  const wrong: readonly (readonly [readonly string[], RegExp, number])[] = [
    [['--name', 'Web'], /"Web".*a-z, 0-9/, 2],
    [['--name', '-web'], /"-web"|--name/, 2],
    [['--name', 'web-'], /"web-"/, 2],
    [['--name', 'a'.repeat(64)], /1 to 63/, 2],
    [['--name', ''], /--name/, 2],
    [['--name', 'web.vm'], /"web\.vm"/, 2],
    [['--name', 'taken'], /"taken".*there is one of this name/, 1],
    [['--memory', '0'], /--memory|memory/, 2],
    [['--memory=-1G'], /"-1G" is not a size/, 2],
    [['--memory', '12Q'], /"12Q" is not a size/, 2],
    [['--memory', '64M'], /at least 128M/, 2],
    [['--memory', '60000G'], /60000G of memory: the host has /, 1],
    [['--disk-size', '0'], /disk/, 2],
    [['--disk-size=-5'], /"-5" is not a size/, 2],
    [['--disk-size', '1M'], /at least 128M/, 2],
    [['--disk-size', '60000G'], /a disk of 60000G: the host has /, 1],
    [['--disk-size', '99999999G'], /disk/i, 2],
    [['--vcpu', '0'], /--vcpu/, 2],
    [['--vcpu', '-1'], /--vcpu/, 2],
    [['--vcpu', '1.5'], /--vcpu/, 2],
    [['--vcpu', '100000'], /100000 vCPUs: the host has /, 1],
    [['--image', 'debian-bokworm-slim'], /did you mean "debian-bookworm-slim"/, 1],
    [['--image', 'No-Such-Image'], /"No-Such-Image": the name .* is lowercase/, 1],
    [['--image', '127.0.0.1:1/zzz'], /image "127\.0\.0\.1:1\/zzz:latest".*nothing listens/, 1],
    [['--kernel', 'debian-6.2'], /Cannot find kernel "debian-6.2"/, 1],
    [['--accel', 'hvf'], /--accel/, 2],
    [['--vmm', 'firecracker', '--accel', 'tcg'], /"firecracker": it runs under KVM only/, 2],
    [['--vmm', 'firecracker'], /"firecracker": it (?:is not installed|needs hardware KVM)/, 1],
    [['--colour', 'red'], /--colour/, 2],
  ];
  for (const [more, error, status] of wrong) {
    await assertFails(home, create(...more), error, { status });
  }
  await assertFails(home, ['exec', 'nobody', '--', 'true'], /Cannot find VM "nobody"/, {
    status: 125,
  });
  await assertFails(home, ['exec', 'taken', '--', 'true'], /"taken": it is created/, {
    status: 125,
  });
  await assertFails(home, ['vm', 'kill', 'taken'], /"taken": it is created/);
  await assertFails(home, ['vm', 'set', 'taken', '--disk-size', '64M'], /shrink|at least/, {
    status: 2,
  });
  await assertFails(home, ['vm', 'set', 'taken', '--memory', '60000G'], /60000G of memory/);

  assert.deepEqual(
    (await listVms(home)).map(({ name }) => name),
    ['taken'],
  );
  await home.ok(['vm', 'delete', 'taken']);
  await home.assertHostIsClean();
});

sandboxTest(
  'a configuration with a mistake: file, line and key',
  { images: 'empty' },
  async (home) => {
    const mistakes: readonly (readonly [string, RegExp])[] = [
      [
        'log_level = "info"\ncolour = "red"\n',
        /"colour" at .*config\.toml:2: there is no such key/,
      ],
      ['log_level = "loud"\n', /"log_level" at .*config\.toml:1: "loud" is not allowed/],
      ['\n[vm_defaults]\nmemory = "much"\n', /"vm_defaults\.memory" at .*config\.toml:3: "much"/],
      ['[vm_defaults]\nvcpu = 0\n', /"vm_defaults\.vcpu" at .*config\.toml:2: 0/],
      ['qemu_bin = "bin/qemu"\n', /"qemu_bin" at .*config\.toml:1: "bin\/qemu".*absolute/],
      ['debian_mirror = "ftp://x"\n', /"debian_mirror" at .*config\.toml:1/],
      ['accel = \n', /config\.toml:1: not valid TOML/],
    ];
    for (const [text, error] of mistakes) {
      await writeConfig(home, text);
      await assertFails(home, ['vm', 'list'], error);
      await assertFails(home, ['run', '--rm', ...SMALL, '--', 'true'], error, { status: 125 });
    }
    await writeConfig(home, '');
    await assertFails(home, ['vm', 'list'], /"accel" at BANGER_ACCEL: "fast"/, {
      env: { BANGER_ACCEL: 'fast' },
    });

    await home.ok(['vm', 'list']);
    await home.assertHostIsClean();
  },
);

sandboxTest('no QEMU, no mkfs, no mmdebstrap, no mirror', {}, async (home) => {
  const nowhere = join(dirname(home.stateDir), 'nowhere');
  await writeConfig(home, `qemu_bin = "${nowhere}"\n`);
  await assertFails(
    home,
    ['vm', 'create', ...SMALL],
    /Cannot start VM .*"\/.*nowhere": it is not installed/,
  );
  await home.ok(['daemon', 'stop']);

  await writeConfig(home, '');
  const without = await pathWithout(home, ['qemu-system-x86_64', 'mmdebstrap']);
  await home.ok(['daemon', 'start'], { env: { PATH: without } });
  const noQemu = await assertFails(
    home,
    ['vm', 'create', ...SMALL],
    /"qemu-system-x86_64": it is not installed/,
  );
  assert.match(noQemu.stderr, /^hint: sudo apt(?:-get)? install qemu-system-x86$/m);
  const noTool = await assertFails(
    home,
    ['image', 'pull', '--force', 'debian-bookworm-slim'],
    /"mmdebstrap": it is not installed/,
  );
  assert.match(noTool.stderr, /^hint: sudo apt(?:-get)? install mmdebstrap$/m);
  const doctor = await home.banger(['doctor'], { env: { PATH: without } });
  assert.equal(doctor.status, 1);
  assert.match(doctor.stdout, /FAIL.*QEMU/i);
  assert.match(doctor.stdout, /sudo apt(?:-get)? install/);
  await home.ok(['daemon', 'stop']);

  await writeConfig(
    home,
    'debian_mirror = "http://127.0.0.1:9/debian"\ndebian_security_mirror = "http://127.0.0.1:9/s"\n',
  );
  const pulls = [
    ['kernel', 'pull', '--force', 'debian-6.1'],
    ['image', 'pull', '--force', 'debian-bookworm-slim'],
  ];
  const failed = await Promise.all(
    pulls.map((args) => assertFails(home, args, /archive|mirror/i)), // At once, as apt tries again and again.
  );
  for (const { stderr } of failed) {
    assert.match(stderr, /^error: .*127\.0\.0\.1/m);
    assert.match(stderr, /^hint: .*debian_mirror/m);
  }
  await home.ok(['vm', 'create', '--no-start', '--name', 'x', ...SMALL]); // What was there is still there.
  await home.ok(['vm', 'delete', 'x']);
  await home.assertHostIsClean();
});

sandboxTest('a mkfs.ext4 that fails', {}, async (home) => {
  await useFakeQemu(home);
  const bin = join(dirname(home.stateDir), 'bin');
  await mkdir(bin);
  await writeFile(
    join(bin, 'mkfs.ext4'),
    '#!/bin/sh\necho "mkfs.ext4: it is broken" >&2\nexit 3\n',
    { mode: 0o755 },
  );
  await home.ok(['daemon', 'start'], { env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` } });

  await assertFails(home, ['vm', 'create', ...SMALL], /Cannot make disk .*it is broken/);

  assert.deepEqual(await listVms(home), []);
  await home.assertHostIsClean();
});

/** Every program of this host's PATH but these. */
async function pathWithout(home: SandboxHome, missing: readonly string[]): Promise<string> {
  const bin = join(dirname(home.stateDir), 'without');
  await rm(bin, { recursive: true, force: true });
  await mkdir(bin);
  for (const dir of (process.env['PATH'] ?? '/usr/bin:/bin').split(':')) {
    for (const program of await readdir(dir).catch(() => [])) {
      if (missing.includes(program)) continue;
      await symlink(join(dir, program), join(bin, program)).catch(() => undefined); // The first one in PATH wins.
    }
  }
  return bin;
}
