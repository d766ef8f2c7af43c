import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { runToEnd } from '../../../../test/support/run-to-end.ts';
import { INSTALL_SCRIPT, WITH_TOOLS } from './bootstrap-tools.ts';

const STAND_IN = '#!/bin/sh\necho "mise $*"\n[ "$1" = exec ] || exit 0\nshift 2\nexec "$@"\n';

/** A PATH with a mise that only says what it is asked for. */
async function withMise() {
  const dir = await mkdtemp(join(tmpdir(), 'banger-mise-'));
  await writeFile(join(dir, 'mise'), STAND_IN);
  await chmod(join(dir, 'mise'), 0o755);
  return {
    env: { PATH: `${dir}:/usr/bin:/bin`, HOME: dir },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  };
}

suite('tools of a checkout', () => {
  test('are trusted, then installed', async () => {
    await using mise = await withMise();

    const { stdout, status } = await runToEnd(['/bin/sh', '-c', INSTALL_SCRIPT], mise);

    assert.deepEqual([stdout, status], ['mise trust --all\nmise install\n', 0]);
  });

  test('are there for the command, whose words stay as they are', async () => {
    await using mise = await withMise();

    const { stdout } = await runToEnd([...WITH_TOOLS, 'printf', '%s|', 'a b', '$c'], mise);

    assert.equal(stdout, 'mise exec -- printf %s| a b $c\na b|$c|');
  });

  test('are told from an image without mise', async () => {
    const env = { PATH: '/usr/bin:/bin', HOME: '/nonexistent' };

    const { status } = await runToEnd(['/bin/sh', '-c', INSTALL_SCRIPT], { env });

    assert.equal(status, 90);
  });
});
