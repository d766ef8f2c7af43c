import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { idlingKernel } from '../../../packages/banger/src/vmm/idling-kernel.fixture.ts';
import { mayMakeNamespaces, makeNetworkNamespace } from '../network-namespace.ts';
import { createFakeFirecracker, type FakeFirecracker } from './create-fake-firecracker.ts';
import { RunningFake } from './running-fake.ts';

const PRE_BOOT = 'The requested operation is not supported before starting the microVM.';
const POST_BOOT = 'The requested operation is not supported after starting the microVM.';
const MIB = 1024 * 1024;

const dir = mkdtempSync(join(tmpdir(), 'fake-fc-'));
let cells = 0;
let fake: FakeFirecracker;

before(async () => {
  fake = await createFakeFirecracker({ dir: join(dir, 'bin'), taps: false });
});
after(() => rmSync(dir, { recursive: true }));

/** A directory with a kernel and two drives of different sizes */
function newCell(): string {
  cells += 1;
  const cell = join(dir, `cell${String(cells)}`);
  mkdirSync(cell);
  writeFileSync(join(cell, 'kernel'), idlingKernel());
  writeFileSync(join(cell, 'base'), Buffer.alloc(MIB));
  writeFileSync(join(cell, 'overlay'), Buffer.alloc(2 * MIB));
  return cell;
}

const start = (binary = fake.binary) => RunningFake.start(binary, newCell());

function fault(answer: { readonly status: number; readonly body: unknown }): string {
  assert.equal(answer.status, 400, JSON.stringify(answer));
  return (answer.body as { fault_message: string }).fault_message;
}

async function ok(firecracker: RunningFake, method: string, path: string, body: unknown) {
  const answer = await firecracker.call(method, path, body);
  assert.deepEqual(answer, { status: 204, body: undefined }, `${method} ${path}`);
}

function drive(id: string, isReadOnly: boolean) {
  return { drive_id: id, path_on_host: id, is_root_device: false, is_read_only: isReadOnly };
}

async function boot(firecracker: RunningFake): Promise<void> {
  const steps = [
    ['/boot-source', { kernel_image_path: 'kernel', boot_args: 'console=ttyS0 pci=off' }],
    ['/machine-config', { vcpu_count: 1, mem_size_mib: 32 }],
    ['/drives/base', drive('base', true)],
    ['/drives/overlay', drive('overlay', false)],
    ['/network-interfaces/eth0', { iface_id: 'eth0', host_dev_name: 'tap0' }],
    ['/vsock', { guest_cid: 3, uds_path: 'vsock.sock' }],
    ['/balloon', { amount_mib: 0, deflate_on_oom: true, stats_polling_interval_s: 1 }],
    ['/entropy', {}],
    ['/actions', { action_type: 'InstanceStart' }],
  ] as const;
  for (const [path, body] of steps) await ok(firecracker, 'PUT', path, body);
}

const snapshot = { snapshot_path: 'state', mem_file_path: 'memory' };
const load = {
  snapshot_path: 'state',
  mem_backend: { backend_type: 'File', backend_path: 'memory' },
};

suite('a fake Firecracker says what the real one says', () => {
  test('to --version, and to arguments that it does not know', () => {
    const said = execFileSync(fake.binary, ['--version']).toString();
    assert.match(said, /^Firecracker v1\.16\.1\n\n/);
    assert.throws(
      () => execFileSync(fake.binary, ['--serial', 'x'], { stdio: 'pipe' }),
      /Found argument 'serial' which wasn't expected/,
    );
  });

  test('to requests that are wrong in themselves', async () => {
    await using firecracker = await start();
    const say = async (method: string, path: string, body?: unknown) =>
      fault(await firecracker.call(method, path, body));

    assert.match(await say('PUT', '/nowhere', {}), /^Invalid request method and\/or path: PUT now/);
    assert.equal(await say('PUT', '/actions'), 'Empty PUT request.');
    assert.match(
      await say('PUT', '/machine-config', { vcpu_count: 1, mem_size_mib: 1, colour: 'red' }),
      /deserializing the json body of a request: .*unknown field `colour`/,
    );
    const tooLong = { kernel_image_path: 'x'.repeat(60_000) };
    assert.equal((await firecracker.call('PUT', '/boot-source', tooLong)).status, 413);
  });

  test('to requests that come too early', async () => {
    await using firecracker = await start();
    const early = [
      ['PATCH', '/vm', { state: 'Paused' }],
      ['PUT', '/snapshot/create', snapshot],
      ['PATCH', '/drives/base', { drive_id: 'base', path_on_host: 'base' }],
      ['PATCH', '/balloon', { amount_mib: 1 }],
      ['PUT', '/actions', { action_type: 'SendCtrlAltDel' }],
    ] as const;
    for (const [method, path, body] of early) {
      assert.equal(fault(await firecracker.call(method, path, body)), PRE_BOOT);
    }
    const action = { action_type: 'InstanceStart' };
    assert.equal(
      fault(await firecracker.call('PUT', '/actions', action)),
      'Start microvm error: Cannot start microvm without kernel configuration.',
    );
    assert.deepEqual((await firecracker.call('GET', '/')).body, {
      app_name: 'Firecracker',
      id: 'test',
      state: 'Not started',
      vmm_version: '1.16.1',
    });
  });

  test('to files that are not there, and to a load after anything was configured', async () => {
    await using firecracker = await start();
    const missing = drive('work', false);
    assert.match(
      fault(await firecracker.call('PUT', '/drives/work', missing)),
      /No such file or directory \(os error 2\) work$/,
    );
    assert.match(
      fault(await firecracker.call('PUT', '/snapshot/load', load)),
      /not allowed after configuring boot-specific resources/,
    );
  });

  test('to fields of later versions', async () => {
    const old = await createFakeFirecracker({
      dir: join(dir, 'old'),
      version: '1.13.1',
      taps: false,
    });
    await using firecracker = await start(old.binary);
    const later = { ...load, vsock_override: { uds_path: 'other.sock' } };

    assert.match(
      fault(await firecracker.call('PUT', '/snapshot/load', later)),
      /unknown field `vsock_override`/,
    );
    assert.match(
      fault(await firecracker.call('PUT', '/serial', { serial_out_path: 'console' })),
      /Invalid request method/,
    );
  });
});

suite('a fake Firecracker runs a machine', () => {
  test('from boot over a snapshot to a second process, a patched drive, and the end', async () => {
    const cell = newCell();
    {
      await using first = await RunningFake.start(fake.binary, cell);
      assert.equal(childrenIn(cell).length, 1);
      await boot(first);
      assert.equal(fault(await first.call('PUT', '/entropy', {})), POST_BOOT);
      assert.match(
        fault(await first.call('PUT', '/snapshot/create', snapshot)),
        /save\/restore unavailable while running/,
      );
      assert.equal(await first.dial('CONNECT 1024\n'), '', 'nobody listens in that guest');
      await ok(first, 'PATCH', '/vm', { state: 'Paused' });
      assert.equal(((await first.call('GET', '/')).body as { state: string }).state, 'Paused');
      await ok(first, 'PUT', '/snapshot/create', snapshot);
      await ok(first, 'PATCH', '/vm', { state: 'Resumed' });
      const stats = await first.call('GET', '/balloon/statistics');
      assert.deepEqual(stats.body, {
        target_pages: 0,
        actual_pages: 0,
        target_mib: 0,
        actual_mib: 0,
      });
    }
    const memory = statSync(join(cell, 'memory'));
    assert.equal(memory.size, 32 * MIB);
    assert.ok(memory.blocks * 512 >= memory.size, 'no holes');
    assert.deepEqual(await settled(() => childrenIn(cell)), []);

    const other = newCell();
    for (const name of ['state', 'memory']) await cp(join(cell, name), join(other, name));
    writeFileSync(join(other, 'grown'), Buffer.alloc(4 * MIB));
    await using second = await RunningFake.start(fake.binary, other);
    await ok(second, 'PUT', '/snapshot/load', {
      ...load,
      network_overrides: [{ iface_id: 'eth0', host_dev_name: 'tap1' }],
      vsock_override: { uds_path: 'own.sock' },
    });
    const patched = { drive_id: 'overlay', path_on_host: 'grown' };
    await ok(second, 'PATCH', '/drives/overlay', patched);
    await ok(second, 'PATCH', '/drives/base', { drive_id: 'base', path_on_host: 'base' });
    await ok(second, 'PATCH', '/vm', { state: 'Resumed' });
    const { body } = await second.call('GET', '/vm/config');
    const config = body as {
      drives: readonly { path_on_host: string }[];
      vsock: { uds_path: string };
      'network-interfaces': readonly { host_dev_name: string }[];
    };
    assert.deepEqual(
      config.drives.map(({ path_on_host }) => path_on_host),
      ['base', 'grown'],
    );
    assert.equal(config.vsock.uds_path, 'own.sock');
    assert.equal(config['network-interfaces'][0]?.host_dev_name, 'tap1');
    const saved = readFileSync(join(other, 'memory'));
    assert.ok(saved.equals(readFileSync(join(cell, 'memory'))), 'what was loaded stays as it was');

    // And once more, from memory that is mapped privately.
    await ok(second, 'PATCH', '/vm', { state: 'Paused' });
    await ok(second, 'PUT', '/snapshot/create', {
      snapshot_path: 'state2',
      mem_file_path: 'memory2',
    });
    assert.equal(statSync(join(other, 'memory2')).size, 32 * MIB);
    second.kill('SIGKILL');
    assert.equal((await second.exited).signal, 'SIGKILL');
    assert.deepEqual(await settled(() => childrenIn(other)), []);
  });

  test('and ends itself over a state that is damaged, or of another version', async () => {
    const cell = newCell();
    writeFileSync(join(cell, 'memory'), Buffer.alloc(MIB));
    writeFileSync(join(cell, 'state'), 'nothing of the kind, but long enough');
    await using firecracker = await RunningFake.start(fake.binary, cell);

    assert.match(
      fault(await firecracker.call('PUT', '/snapshot/load', load)),
      /^Load snapshot error: .*: CRC64 validation failed$/,
    );
    assert.deepEqual(await firecracker.exited, { code: 1, signal: null });
  });
});

test('a fake Firecracker takes a tap that is there', { skip: !mayMakeNamespaces }, async () => {
  await using space = await makeNetworkNamespace();
  await space.ok('ip tuntap add tap0 mode tap');
  const real = await createFakeFirecracker({ dir: join(dir, 'taps') });
  const inside = join(dir, 'inside');
  const enter = `exec nsenter --target ${String(space.pid)} --net`;
  writeFileSync(inside, `#!/bin/sh\n${enter} '${real.binary}' "$@"\n`, { mode: 0o755 });
  await using firecracker = await start(inside);

  const other = { iface_id: 'eth0', host_dev_name: 'tap1' };
  assert.match(
    fault(await firecracker.call('PUT', '/network-interfaces/eth0', other)),
    /Invalid TUN\/TAP Backend provided by tap1/,
  );
  await boot(firecracker);
  await space.ok('ip link set tap0 up');
  assert.match(await space.ok('cat /proc/net/dev; ip link show tap0'), /tap0:.*LOWER_UP/s);
});

suite('a fake Firecracker fails as it is told', () => {
  test('before and after a request, or instead of an answer', async () => {
    const instead = [
      ['die-before', /socket hang up|ECONNRESET/],
      ['die-after', /socket hang up|ECONNRESET/],
      ['garbage', /Parse Error|HTTP/],
      ['half', /aborted|socket hang up|ECONNRESET/],
      ['hang-up', /socket hang up|ECONNRESET/],
    ] as const;
    for (const [what, error] of instead) {
      await fake.setFaults([{ on: 'GET /version', do: what }]);
      await using firecracker = await start();
      await assert.rejects(firecracker.call('GET', '/version'), error, what);
      if (what.startsWith('die')) assert.equal((await firecracker.exited).signal, 'SIGKILL');
    }
    await fake.setFaults([{ on: '*', nth: 2, do: 'refuse', message: 'no' }]);
    await using firecracker = await start();
    assert.equal((await firecracker.call('GET', '/version')).status, 200);
    assert.equal(fault(await firecracker.call('GET', '/version')), 'no');
    assert.equal((await firecracker.call('GET', '/version')).status, 200);
    await fake.setFaults([]);
  });
});

/** Processes that work there */
function childrenIn(cell: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`) === cell;
    } catch {
      return false;
    }
  });
}

async function settled<T>(look: () => readonly T[]): Promise<readonly T[]> {
  for (let tries = 0; tries < 1500 && look().length > 0; tries += 1) await pause(20);
  return look();
}
