import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';

import { createSystemClock } from '../../host/system-clock.ts';
import { createSystemProcesses } from '../../host/system-processes.ts';
import { createFirecrackerDriver } from './firecracker-driver.ts';
import { aTapPlan } from './firecracker-lab.fixture.ts';
import { lacksOf, unusableVersion } from './firecracker-versions.ts';

suite('versions of Firecracker', () => {
  for (const [version, problem, lacks] of [
    ['0.25.2', /too old: 1\.12\.0 is the oldest/, 2],
    ['1.9.1', /too old/, 2],
    ['1.11.0', /too old/, 2],
    ['1.12.0', undefined, 2],
    ['1.13.1', undefined, 2],
    ['1.14.0', undefined, 1],
    ['1.16.0', /loses its guests/, 1],
    ['1.16.1', undefined, 0],
    ['1.17.0-dev', undefined, 0],
    ['2.0.0', undefined, 0],
  ] as const) {
    test(`${version} ${problem === undefined ? 'is used' : 'is refused'}`, () => {
      const found = unusableVersion(version);

      if (problem === undefined) assert.equal(found, undefined);
      else assert.match(found?.what ?? '', problem);
      assert.equal(lacksOf(version).length, lacks);
    });
  }
});

suite('a Firecracker that cannot be used', () => {
  const dir = mkdtempSync(join(tmpdir(), 'fc-bin-'));
  const host = { processes: createSystemProcesses(), clock: createSystemClock() };
  const { signal: never } = new AbortController();
  after(() => rmSync(dir, { recursive: true }));

  function program(name: string, text: string): string {
    const file = join(dir, name);
    writeFileSync(file, text, { mode: 0o755 });
    return file;
  }

  for (const [name, text, what] of [
    ['old', '#!/bin/sh\necho "Firecracker v1.9.1"\n', /1\.9\.1 is too old/],
    ['other', '#!/bin/sh\necho "some other program"\n', /does not say which version/],
    ['damaged', '\0\0\0\0', /Cannot use ".*damaged": it does not say/],
  ] as const) {
    test(`is told of: ${name}`, async () => {
      const driver = createFirecrackerDriver({ ...host, binary: program(name, text) });

      const { problems } = await driver.probe(never);

      assert.match(problems[0]?.what ?? '', what);
      assert.ok(problems[0]?.hint);
      await assert.rejects(driver.launch(aTapPlan(), never), {
        code: 'host.tool_missing',
        message: what,
      });
    });
  }

  test('is told of: missing', async () => {
    const driver = createFirecrackerDriver({ ...host, binary: 'no-such-firecracker' });

    assert.equal((await driver.probe(never)).problems.length, 1);
    await assert.rejects(driver.launch(aTapPlan(), never), { code: 'host.tool_missing' });
  });

  test('is not asked when a socket’s path is too long', async () => {
    const driver = createFirecrackerDriver({ ...host, binary: 'no-such-firecracker' });
    const plan = aTapPlan();
    const { paths } = plan;
    const runDir = join('/tmp', 'x'.repeat(100));

    await assert.rejects(driver.launch({ ...plan, paths: { ...paths, runDir } }, never), {
      code: 'host.path_unusable',
      hint: /XDG_RUNTIME_DIR/,
    });
  });
});
