import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { fingerprint, makeCheckout, makeDirtyCheckout } from '../support/checkouts.ts';
import { assertSameWorkspace, guestSh } from '../support/compare-workspace.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { showVm, shownVms, SLIM } from '../support/vms.ts';

sandboxTest('a checkout in a VM', {}, async (home, _t, part) => {
  await using checkout = await makeDirtyCheckout();
  const before = await fingerprint(join(checkout.path, '.git'));
  const vm = 'ship';

  await part('is listed before anything is done, without a daemon', async () => {
    const listed = await home.ok(['run', '--dry-run', checkout.path]);

    const names = await checkout.git('ls-files');
    assert.deepEqual(listed.stdout, `${names.replace('deleted\n', '')}\n`);
    const status = await home.banger(['daemon', 'status'], {
      env: { BANGER_NO_DAEMON_START: '1' },
    });
    assert.equal(status.status, 1, status.stdout);
  });

  await part('is shipped before the command, which runs in it', async () => {
    const run = await home.ok(
      ['run', ...SLIM, '--name', vm, checkout.path, '--', 'sh', '-c', 'pwd; ./run.sh'],
      { stdin: '' },
    );

    assert.equal(run.stdout, '/root/repo\nhello\n');
    assert.match(run.stderr, /Shipping .* \(\d+ files/);
  });

  await part('is what it is on the host: files, status, diffs, HEAD', async () => {
    await assertSameWorkspace(home, vm, checkout);
  });

  await part('has the last ten commits, the origin without password, and the user', async () => {
    const said = await guestSh(
      home,
      vm,
      'git log --oneline | wc -l; git config remote.origin.url; git config user.name; git config user.email; git fsck --no-dangling 2>&1; git gc --quiet && git fsck --no-dangling',
    );

    assert.equal(said, '10\nhttps://example.com/ana/repo.git\nAna "the" Tester\nana@example.com\n');
  });

  await part('is not written to on the host', async () => {
    assert.deepEqual(await fingerprint(join(checkout.path, '.git')), before);
  });

  await part('is shown', async () => {
    const { workspace } = await showVm(home, vm);

    assert.equal(workspace?.hostPath, checkout.path);
    assert.equal(workspace.branch, 'main');
    const [listed] = await shownVms(home);
    assert.equal(listed?.workspace?.guestPath, '/root/repo');
  });

  await part('has nothing to do when nothing has changed', async () => {
    const again = await home.ok(['vm', 'workspace', 'prepare', vm, checkout.path]);

    assert.equal(again.stdout, `${vm}:/root/repo: nothing had changed\n`);
  });

  await part('goes on with the host, and keeps what the guest has made', async () => {
    await guestSh(home, vm, 'echo product > product; echo guest > run.sh; chmod 755 run.sh');
    await checkout.write('src/main.c', 'int main(void) { return 2; }\n');
    await checkout.remove('added');
    await checkout.commitAll('moved on');
    await checkout.write('later', 'not committed\n');
    await checkout.git('add', 'later');

    const again = await home.ok(['vm', 'workspace', 'prepare', vm, checkout.path]);

    assert.match(again.stdout, /: 3 files written, 1 removed/);
    assert.equal(
      await guestSh(home, vm, 'cat product run.sh later src/main.c'),
      'product\nguest\nnot committed\nint main(void) { return 2; }\n',
    );
    assert.equal(
      await guestSh(home, vm, 'git rev-parse HEAD'),
      `${await checkout.git('rev-parse', 'HEAD')}\n`,
    );
    assert.equal(
      await guestSh(home, vm, 'git fsck --no-dangling; git status --porcelain'),
      'A  later\n M run.sh\n?? product\n',
    );
  });

  await part('refuses what both sides have changed, unless told to overwrite', async () => {
    await checkout.write('run.sh', '#!/bin/sh\necho host\n');

    const refused = await home.banger(['vm', 'workspace', 'prepare', vm, checkout.path]);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /changed in the guest and on the host: run\.sh/);
    await home.ok(['vm', 'workspace', 'prepare', vm, checkout.path, '--overwrite']);

    assert.equal(await guestSh(home, vm, 'cat run.sh'), '#!/bin/sh\necho host\n');
  });

  await part(
    'is warned about when the host has moved on, and brought up to date with --sync',
    async () => {
      await checkout.write('counter', 'moved on\n');
      const commit = await checkout.commitAll('once more');

      const stale = await home.ok(['exec', vm, '--', 'true'], { stdin: '' });
      const synced = await home.ok(['exec', vm, '--sync', '--', 'git', 'rev-parse', 'HEAD'], {
        stdin: '',
      });

      assert.match(stale.stderr, /^warning: the host repository has moved on since it was shipped/);
      assert.deepEqual([synced.stdout, synced.stderr], [`${commit}\n`, '']);
      assert.equal(await guestSh(home, vm, 'cat counter'), 'moved on\n');
    },
  );

  await part('is where commands of a fork run, and kept with a snapshot', async () => {
    await home.ok(['vm', 'snapshot', vm, 'with']);
    await home.ok(['vm', 'fork', vm, '--name', 'copy']);

    assert.equal(await guestSh(home, 'copy', 'pwd'), '/root/repo\n');
    assert.equal((await showVm(home, vm)).snapshots[0]?.workspace?.guestPath, '/root/repo');
    await home.ok(['vm', 'delete', 'copy']);
  });

  await part('comes back as a patch that gives the same files', async () => {
    await guestSh(
      home,
      vm,
      'rm product; printf "\\0\\1\\2" > bin/data; mkdir -p deep && echo new > deep/file; rm link; git rm -q --cached counter; git add deep; git commit -qm guest; echo more >> counter',
    );
    const index = await guestSh(home, vm, 'sha256sum .git/index');
    const patch = join(home.stateDir, 'work.patch');

    await home.ok(['vm', 'workspace', 'export', vm, '--output', patch]);

    await using copy = await makeCheckout();
    await copy.git('pull', '--quiet', checkout.path, 'main');
    await copy.git('reset', '--hard', '--quiet', 'FETCH_HEAD');
    await copy.git('apply', '--index', patch);
    assert.equal(await guestSh(home, vm, 'sha256sum .git/index'), index);
    await assertSameFiles(home, vm, copy.path);
    assert.match(await readFile(patch, 'utf8'), /GIT binary patch/);
  });
});

async function assertSameFiles(home: Parameters<typeof guestSh>[0], vm: string, path: string) {
  const { openCheckout } = await import('../support/checkouts.ts');
  const { hostSh } = await import('../support/compare-workspace.ts');
  const list =
    'find . -path ./.git -prune -o ! -type d -print0 | LC_ALL=C sort -z | xargs -0 sh -c \'for f; do printf "%s " "$f"; if [ -L "$f" ]; then readlink "$f"; else sha256sum < "$f"; fi; done\' sh';
  assert.equal(await guestSh(home, vm, list), await hostSh(openCheckout(path), list));
}
