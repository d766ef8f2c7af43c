import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';

import { repositoryRoot } from '../support/repository.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { bangerProgram, sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { SLIM } from '../support/vms.ts';

/** What each shell itself makes of a line, asked as the user's shell would be. (PowerShell is not packaged by Debian.) */
const shells = {
  bash: ['bash', '--norc'],
  zsh: ['zsh', '-f'],
  fish: ['fish', '--no-config'],
} as const;

sandboxTest('completion in real shells', {}, async (home, _, part) => {
  await home.ok(['vm', 'create', '--no-start', '--name', 'web-server', ...SLIM]);

  for (const shell of ['bash', 'fish'] as const) {
    await part(`${shell} offers verbs, values and live names`, async () => {
      const lines = [
        'banger vm snap',
        'banger run --vmm f',
        'banger vm delete ',
        'banger vm exec ',
      ];

      const offered = await completed(home, shell, lines);

      assert.deepEqual(offered, ['snapshot', 'firecracker', 'web-server', '']);
    });
  }

  await part('zsh completes them in the line', async () => {
    const lines = ['banger vm snap', 'banger run --vmm=f', 'banger vm delete w'];

    const made = await completed(home, 'zsh', lines);

    assert.deepEqual(made, [
      '<banger vm snapshot >',
      '<banger run --vmm=firecracker >',
      '<banger vm delete web-server >',
    ]);
  });

  await part('none of them starts a daemon', async () => {
    await home.ok(['daemon', 'stop']);

    for (const shell of ['bash', 'fish'] as const)
      assert.deepEqual(await completed(home, shell, ['banger vm delete ']), ['']);

    assert.equal((await home.banger(['daemon', 'status'])).status, 1);
    await home.ok(['vm', 'delete', 'web-server']); // Which does start one.
  });
});

async function completed(
  home: SandboxHome,
  shell: keyof typeof shells,
  lines: readonly string[],
): Promise<readonly string[]> {
  const script = join(repositoryRoot, `test/support/programs/complete.${shell}`);
  const path = `${dirname(bangerProgram)}:${home.env['PATH'] ?? ''}`;
  const { stdout, stderr } = await runToEnd([...shells[shell], script, ...lines], {
    env: { ...home.env, PATH: path },
    timeoutMs: 60_000,
  });
  assert.equal(stderr, '');
  return stdout.split('\n').slice(0, -1);
}
