import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';

import { createSystemPressure } from './system-pressure.ts';

const MIB = 1024 * 1024;
const meminfo = 'MemTotal:       16777216 kB\nMemFree: 1 kB\nMemAvailable:    8388608 kB\n';
const psi = 'some avg10=12.50 avg60=1.00 avg300=0.00 total=1\nfull avg10=3.00 avg60=0.00\n';

/** A /proc and a /sys/fs/cgroup with these files */
async function readFrom(files: Readonly<Record<string, string>>) {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-pressure-'));
  for (const [name, text] of Object.entries(files)) {
    const file = join(dir.path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const [procDir, cgroupDir] = [join(dir.path, 'proc'), join(dir.path, 'cgroup')];
  return await createSystemPressure({ procDir, cgroupDir }).read();
}

const host = { 'proc/meminfo': meminfo, 'proc/pressure/memory': psi };
const inGroup = { ...host, 'proc/self/cgroup': '1:name=systemd:/x\n0::/user/ana\n' };

suite('memory pressure', () => {
  test('is read from the host', async () => {
    const reading = await readFrom(host);

    assert.deepEqual(reading, { totalMib: 16_384, availableMib: 8192, stalledPercent: 12.5 });
  });

  test('is none where the kernel does not measure it', async () => {
    const { stalledPercent } = await readFrom({ 'proc/meminfo': meminfo });

    assert.equal(stalledPercent, 0);
  });

  test('is that of a group with a limit, without the page cache that can be dropped', async () => {
    const reading = await readFrom({
      ...inGroup,
      'cgroup/user/ana/memory.max': `${String(1024 * MIB)}\n`,
      'cgroup/user/ana/memory.current': `${String(800 * MIB)}\n`,
      'cgroup/user/ana/memory.stat': `anon 1\ninactive_file ${String(300 * MIB)}\nfile 2\n`,
    });

    assert.equal(reading.totalMib, 1024);
    assert.equal(reading.availableMib, 524);
  });

  test('is that of the tightest of the groups around it', async () => {
    const reading = await readFrom({
      ...inGroup,
      'cgroup/user/ana/memory.max': 'max\n',
      'cgroup/user/memory.max': `${String(2048 * MIB)}\n`,
      'cgroup/user/memory.current': `${String(2000 * MIB)}\n`,
    });

    assert.equal(reading.totalMib, 2048);
    assert.equal(reading.availableMib, 48);
  });

  test('is that of the host in a group whose limit is higher than what there is', async () => {
    const reading = await readFrom({
      ...inGroup,
      'cgroup/user/ana/memory.max': `${String(64 * 1024 * MIB)}\n`,
      'cgroup/user/ana/memory.current': '0\n',
    });

    assert.deepEqual([reading.totalMib, reading.availableMib], [16_384, 8192]);
  });

  test('has nothing available in a group that is over its limit', async () => {
    const reading = await readFrom({
      ...inGroup,
      'cgroup/user/ana/memory.max': '1048576',
      'cgroup/user/ana/memory.current': '2097152',
    });

    assert.equal(reading.availableMib, 0);
  });

  test('makes sense on this host', async () => {
    const { totalMib, availableMib, stalledPercent } = await createSystemPressure().read();

    assert.ok(totalMib > 0 && availableMib > 0 && availableMib <= totalMib);
    assert.ok(stalledPercent >= 0 && stalledPercent <= 100);
  });
});
