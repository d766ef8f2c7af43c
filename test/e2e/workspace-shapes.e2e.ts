import assert from 'node:assert/strict';

import { makeCheckout, makeDirtyCheckout, makeWithSubmodules } from '../support/checkouts.ts';
import { assertSameWorkspace, guestSh } from '../support/compare-workspace.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { SLIM } from '../support/vms.ts';

sandboxTest('checkouts of every shape', {}, async (home, _t, part) => {
  const vm = 'shapes';
  await home.ok(['vm', 'create', ...SLIM, '--name', vm]);
  const prepare = (path: string, ...args: readonly string[]) =>
    home.ok(['vm', 'workspace', 'prepare', vm, path, ...args]);

  await part('with submodules are shipped in full, and refused otherwise', async () => {
    await using checkout = await makeWithSubmodules();
    const refused = await home.banger(['vm', 'workspace', 'prepare', vm, checkout.path]);

    await prepare(checkout.path, '--mode', 'full_copy');

    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /it has submodules, such as "(absent|lib\/part)"/);
    const said = await guestSh(
      home,
      vm,
      'git status --porcelain; git submodule status --recursive | sed "s/^\\(.\\)[0-9a-f]* /\\1/;s/ (.*//"; git -C lib/part/inner log --oneline --format=%s; git branch; git tag; git fsck --no-dangling',
    );
    assert.equal(said, '-absent\n lib/part\n lib/part/inner\ninner\n* main\n  other\nv1\n');
  });

  await part('without a commit, and then with one', async () => {
    await using checkout = await makeCheckout();
    await checkout.write('a', '1\n');
    await checkout.git('add', 'a');
    await checkout.write('a', '2\n');
    const place = ['--guest-path', '/srv/empty'];
    await prepare(checkout.path, ...place);
    assert.equal(await guestSh(home, vm, 'cd /srv/empty; git status --porcelain'), 'AM a\n');

    const commit = await checkout.commitAll('one');
    await prepare(checkout.path, ...place);

    assert.equal(
      await guestSh(home, vm, 'git status --porcelain; git rev-parse HEAD'),
      `${commit}\n`,
    );
    const patch = await home.ok(['vm', 'workspace', 'export', vm]);
    assert.equal(patch.stdout, '');
  });

  await part('detached, on a branch of its own, or of another commit', async () => {
    await using checkout = await makeDirtyCheckout();
    await checkout.git('checkout', '--quiet', '--detach');
    await prepare(checkout.path, '--guest-path', '/srv/detached');
    await assertSameWorkspace(home, vm, checkout);

    await prepare(
      checkout.path,
      '--guest-path',
      '/srv/branch',
      '--branch',
      'fix/it',
      '--include-untracked',
    );
    const mine = await guestSh(
      home,
      vm,
      'git branch --show-current; git status --porcelain | tail -1; cat both',
    );
    assert.equal(mine, 'fix/it\n?? notes.txt\nafter\n');

    await prepare(
      checkout.path,
      '--guest-path',
      '/srv/from',
      '--branch',
      'old',
      '--from',
      'HEAD~3',
    );
    const old = await guestSh(
      home,
      vm,
      'git branch --show-current; git status --porcelain; cat counter; ls',
    );
    assert.equal(old, 'old\n10\ncounter\n');
  });

  await part('can be read only', async () => {
    await using checkout = await makeDirtyCheckout();
    const place = ['--guest-path', '/srv/readonly'];
    await prepare(checkout.path, ...place, '--readonly');

    const denied = await guestSh(
      home,
      vm,
      'echo x 2>&1 > run.sh; rm -f run.sh 2>&1; git status --porcelain | wc -l',
    );
    await checkout.write('run.sh', 'newer\n');
    await prepare(checkout.path, ...place);

    assert.match(denied, /Read-only file system/);
    assert.equal(await guestSh(home, vm, 'echo x > new; cat run.sh new'), 'newer\nx\n');
  });

  await part('are not laid over what is there, and need a git repository', async () => {
    await using checkout = await makeCheckout();
    const there = await home.banger([
      'vm',
      'workspace',
      'prepare',
      vm,
      checkout.path,
      '--guest-path',
      '/etc',
    ]);
    const plain = await home.banger(['vm', 'workspace', 'prepare', vm, '/etc']);

    assert.equal(there.status, 1);
    assert.match(
      there.stderr,
      /\/etc: it exists, is not empty, and no workspace was shipped there/,
    );
    assert.match(
      plain.stderr,
      /Cannot ship "\/etc": it is not in a git repository[^]*hint: git init \/etc/,
    );
  });

  await part('that ask for tools need a network and mise, or --no-bootstrap', async () => {
    await using checkout = await makeCheckout();
    await checkout.write('mise.toml', '[tools]\nnode = "24"\n');
    await checkout.commitAll('tools');
    const command = ['--', 'sh', '-c', 'echo tools: $TOOLS'];

    const refused = await home.banger([
      'run',
      ...SLIM,
      '--rm',
      '--no-nat',
      checkout.path,
      ...command,
    ]);
    const without = await home.ok(['run', ...SLIM, '--rm', checkout.path, ...command], {
      stdin: '',
    });
    const skipped = await home.ok(
      ['run', ...SLIM, '--rm', '--no-nat', '--no-bootstrap', checkout.path, ...command],
      { stdin: '' },
    );

    assert.equal(refused.status, 125);
    assert.match(
      refused.stderr,
      /Cannot install the tools of "mise\.toml": with --no-nat the VM has no network\nhint: --no-bootstrap/,
    );
    assert.match(
      without.stderr,
      /warning: the tools of mise\.toml are not installed: the image has no mise/,
    );
    assert.deepEqual([without.stdout, skipped.stdout], ['tools:\n', 'tools:\n']);
    assert.doesNotMatch(skipped.stderr, /mise/);
  });
});
