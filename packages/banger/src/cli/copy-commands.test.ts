import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { archiveOf } from '../../../sdk/src/files/files.fixture.ts';
import { copyEnd } from './copy-operands.ts';
import { withVms } from './fixtures.ts';

suite('vm cp', () => {
  test('copies in and out and says where it came to be', async () => {
    await using cli = await withVms('web');
    using dir = scratch();
    writeFileSync(`${dir.path}/f`, 'content');

    const into = await cli.run(['cp', '--json', `${dir.path}/f`, 'web:/tmp']);
    const out = await cli.run(['vm', 'cp', 'web:/tmp/f', `${dir.path}/g`]);

    assert.deepEqual(JSON.parse(into.stdout), { path: '/tmp/f', entries: 1 });
    assert.deepEqual([out.status, out.stdout], [0, '']);
    assert.equal(readFileSync(`${dir.path}/g`, 'utf8'), 'content');
  });

  test('takes an archive from stdin and gives one to stdout', async () => {
    await using cli = await withVms('web');
    const archive = archiveOf({ name: 'f', content: 'content' });

    const into = await cli.run('cp - web:/tmp', { input: archive });
    const out = await cli.run('cp web:/tmp/f -');

    assert.equal(into.status, 0, into.stderr);
    assert.match(out.stdout, /content/);
  });

  test('reads no archive from a terminal and writes none to one', async () => {
    await using cli = await withVms('web');

    for (const line of ['cp - web:/tmp', 'cp web:/tmp -']) {
      const ran = await cli.run(line, { isTerminal: true });
      assert.equal(ran.status, 2, line);
      assert.match(ran.stderr, /terminal/);
    }
  });

  test('refuses what is not one end in a VM and one here', async () => {
    await using cli = await withVms('web');

    for (const line of ['cp a b', 'cp - -', 'cp web:/a web:/b', 'cp web:/a', 'cp web:/a b c']) {
      assert.equal((await cli.run(line)).status, 2, line);
    }
  });

  test('tells a path in a VM from a file here', () => {
    assert.deepEqual(copyEnd('web:/x'), { kind: 'guest', vm: 'web', path: '/x' });
    assert.deepEqual(copyEnd('vm_0123:a:b'), { kind: 'guest', vm: 'vm_0123', path: 'a:b' });
    assert.deepEqual(copyEnd('web:'), { kind: 'guest', vm: 'web', path: '' });
    for (const path of ['./web:/x', '/a:b', '../x:y', 'Web:/x', 'plain']) {
      assert.deepEqual(copyEnd(path), { kind: 'local', path });
    }
  });
});

function scratch(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'banger-copy-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
