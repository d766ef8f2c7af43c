import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, suite, test } from 'node:test';

import { startFakeDaemon } from '../../../../test/support/fake-daemon.ts';
import {
  fingerprint,
  makeCheckout,
  makeDirtyCheckout,
  makeWithSubmodules,
  openCheckout,
} from '../../../../test/support/checkouts.ts';
import { connect } from '../index.ts';
import { readHeadCommit } from './head-commit.ts';
import { quotePath } from './byte-path.ts';

process.env['XDG_CACHE_HOME'] = await mkdtemp(join(tmpdir(), 'banger-cache-'));
const cache = join(process.env['XDG_CACHE_HOME'], 'banger');
after(() => rm(dirname(cache), { recursive: true }));

const NOBODY = 65_534;

async function aDaemon() {
  const daemon = await startFakeDaemon();
  const { vms } = connect({ socket: daemon.settings.socket });
  await vms.create({ name: 'web', keep: true });
  const shipped = (path = '/root/repo') => daemon.guest.workspaces.shipped.get(path);
  return { vms, daemon, shipped, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}

/** Root reads everything, so it stops being root for a while; anybody else is not allowed to read a file of mode 0. */
function asSomebodyElse(): Disposable {
  if (process.geteuid?.() !== 0) return { [Symbol.dispose]: () => undefined };
  process.seteuid?.(NOBODY);
  return { [Symbol.dispose]: () => process.seteuid?.(0) };
}

suite('a checkout', () => {
  test('is shipped as it is: tracked files with their content, links, odd names, no ignored ones', async () => {
    await using checkout = await makeDirtyCheckout();
    await using fake = await aDaemon();

    const { workspace, written } = await fake.vms.workspaces.prepare('web', checkout.path);

    const ship = fake.shipped();
    const names = ship?.files.map(({ path }) => path) ?? [];
    assert.equal(written, names.length);
    assert.equal(ship?.contents.get('both'), 'after\n');
    assert.equal(ship.contents.get('link'), 'run.sh');
    assert.equal(ship.contents.get('.git/HEAD'), 'ref: refs/heads/main\n');
    assert.ok(names.includes('new\nline') && !names.includes('deleted'), names.join());
    assert.ok(!names.includes('notes.txt') && !names.includes('build/product'), names.join());
    assert.equal(workspace.branch, 'main');
    assert.equal(workspace.commit, await checkout.git('rev-parse', 'HEAD'));
    assert.doesNotMatch(ship.contents.get('.git/config') ?? '', /secret/);
  });

  test('is only read, and nothing is left in the cache', async () => {
    await using checkout = await makeDirtyCheckout();
    const git = join(checkout.path, '.git');
    const before = await fingerprint(git);
    await using fake = await aDaemon();

    await fake.vms.workspaces.prepare('web', checkout.path);
    await fake.vms.workspaces.prepare('web', checkout.path, {
      branch: 'x',
      from: 'HEAD~3',
      guestPath: '/x',
    });

    assert.deepEqual(await fingerprint(git), before);
    assert.deepEqual(await readdir(cache), []);
  });

  test('is shipped again only where it changed', async () => {
    await using checkout = await makeDirtyCheckout();
    await using fake = await aDaemon();
    await fake.vms.workspaces.prepare('web', checkout.path);

    const again = await fake.vms.workspaces.prepare('web', checkout.path);
    await checkout.write('run.sh', 'changed');
    const changed = await fake.vms.workspaces.prepare('web', checkout.path);

    assert.deepEqual([again.unchanged, again.written], [true, 0]);
    assert.deepEqual([changed.unchanged, changed.written], [false, 1]);
    assert.equal(fake.shipped()?.contents.get('run.sh'), 'changed');
  });

  test('takes untracked files along when told to, and says which repositories it leaves out', async () => {
    await using checkout = await makeDirtyCheckout();
    const nested = openCheckout(join(checkout.path, 'nested'));
    await nested.write('a', '1');
    await nested.git('init', '--quiet');
    await using fake = await aDaemon();
    const warnings: string[] = [];

    await fake.vms.workspaces.prepare('web', checkout.path, {
      includeUntracked: true,
      onWarning: (text) => warnings.push(text),
    });

    assert.equal(fake.shipped()?.contents.get('notes.txt'), 'untracked\n');
    assert.equal(fake.shipped()?.contents.has('build/product'), false);
    assert.deepEqual(warnings, ['nested/ is a repository of its own and is left out']);
  });

  test('is that of another commit on a branch of its own', async () => {
    await using checkout = await makeDirtyCheckout();
    await using fake = await aDaemon();

    const { workspace } = await fake.vms.workspaces.prepare('web', checkout.path, {
      branch: 'old',
      from: 'HEAD~2',
    });

    assert.equal(fake.shipped()?.contents.get('counter'), '11\n');
    assert.equal(fake.shipped()?.contents.get('.git/HEAD'), 'ref: refs/heads/old\n');
    assert.deepEqual([workspace.ownBranch, workspace.from], ['old', 'HEAD~2']);
    assert.equal(workspace.hostCommit, await checkout.git('rev-parse', 'HEAD'));
  });

  test('may have no commit yet, or a HEAD that is detached', async () => {
    await using empty = await makeCheckout();
    await empty.write('a', '1');
    await empty.git('add', 'a');
    await using fake = await aDaemon();

    const first = await fake.vms.workspaces.prepare('web', empty.path);
    const commit = await empty.commitAll('one');
    await empty.git('checkout', '--quiet', '--detach');
    const second = await fake.vms.workspaces.prepare('web', empty.path, { guestPath: '/two' });

    assert.deepEqual([first.workspace.commit, first.workspace.branch], [null, 'main']);
    assert.deepEqual([second.workspace.commit, second.workspace.branch], [commit, null]);
    assert.equal(fake.shipped('/two')?.contents.get('.git/HEAD'), `${commit}\n`);
  });

  test('may be a linked worktree, and is found from a directory below', async () => {
    await using checkout = await makeDirtyCheckout();
    const path = join(checkout.path, '..', `worktree-${String(process.pid)}`);
    await checkout.git('worktree', 'add', '--quiet', '-b', 'side', path);
    await using fake = await aDaemon();

    const { workspace } = await fake.vms.workspaces.prepare('web', join(path, 'src'));

    assert.equal(workspace.branch, 'side');
    assert.equal(readHeadCommit(path), await checkout.git('rev-parse', 'HEAD'));
    assert.equal(fake.shipped()?.contents.get('both'), 'before\n');
    await rm(path, { recursive: true });
  });

  test('is not left through a link that took the place of a directory', async () => {
    await using checkout = await makeCheckout();
    await checkout.write('dir/a', '1');
    await checkout.commitAll('one');
    await checkout.remove('dir');
    await symlink('/etc', join(checkout.path, 'dir'));
    await checkout.git(
      'update-index',
      '--add',
      '--cacheinfo',
      '100644',
      await checkout.git('hash-object', '-w', '/dev/null'),
      'dir/passwd',
    );
    await using fake = await aDaemon();

    await fake.vms.workspaces.prepare('web', checkout.path);

    assert.deepEqual(fake.shipped()?.files, []);
  });

  test('in full has all branches, tags and submodules, also those within submodules', async () => {
    await using checkout = await makeWithSubmodules();
    await using fake = await aDaemon();

    const { unchanged } = await fake.vms.workspaces.prepare('web', checkout.path, {
      mode: 'full_copy',
    });
    const again = await fake.vms.workspaces.prepare('web', checkout.path, { mode: 'full_copy' });

    const { contents, files } = fake.shipped()!;
    assert.deepEqual([unchanged, again.unchanged], [false, true]);
    assert.match(contents.get('.git/packed-refs') ?? '', /refs\/heads\/other\n.*refs\/tags\/v1\n/s);
    assert.equal(contents.get('lib/part/inner/deep'), 'deepest\n');
    assert.equal(
      contents.get('lib/part/inner/.git'),
      'gitdir: ../../../.git/modules/lib/part/inner\n',
    );
    assert.match(
      contents.get('.git/modules/lib/part/config') ?? '',
      /worktree = "\.\.\/\.\.\/\.\.\/\.\.\/lib\/part"/,
    );
    assert.deepEqual(
      files.filter(({ stamp }) => stamp.startsWith('03')).map(({ path }) => path),
      ['absent'],
    );
  });

  test('is refused with what to do instead', async () => {
    await using bare = await makeCheckout();
    await bare.git('config', 'core.bare', 'true');
    const plain = await mkdtemp(join(tmpdir(), 'banger-plain-'));
    await using sub = await makeCheckout();
    await sub.commitAll('one');
    await using whole = await makeCheckout();
    await whole.git(
      '-c',
      'protocol.file.allow=always',
      'submodule',
      '--quiet',
      'add',
      sub.path,
      'part',
    );
    await using fake = await aDaemon();
    const { workspaces } = fake.vms;
    const prepare = (...args: Parameters<typeof workspaces.prepare>) => workspaces.prepare(...args);

    await assert.rejects(prepare('web', join(bare.path, '.git')), {
      code: 'workspace.not_a_repository',
    });
    await assert.rejects(prepare('web', '/no/such'), /there is no such directory/);
    await assert.rejects(prepare('web', plain), {
      hint: `git init ${plain}, or "banger cp ${plain} VM:/root/" to copy plain files`,
    });
    await assert.rejects(prepare('web', whole.path), {
      code: 'workspace.unsupported',
      hint: /--mode full_copy/,
    });
    await assert.rejects(prepare('web', sub.path, { branch: 'a..b' }), { code: 'usage.invalid' });
    await assert.rejects(prepare('web', sub.path, { branch: 'b', from: 'nope' }), {
      code: 'usage.invalid',
    });
    await assert.rejects(prepare('web', sub.path, { from: 'HEAD' }), { code: 'usage.invalid' });
    assert.equal(fake.daemon.guest.workspaces.shipped.size, 0);
    await rm(plain, { recursive: true });
  });

  test('that both sides changed is refused with the names', async () => {
    await using checkout = await makeDirtyCheckout();
    await using fake = await aDaemon();
    await fake.vms.workspaces.prepare('web', checkout.path);
    fake.daemon.guest.workspaces.touched.add('run.sh');
    await checkout.write('run.sh', 'host');

    const refused = fake.vms.workspaces.prepare('web', checkout.path);

    await assert.rejects(refused, {
      code: 'workspace.conflict',
      message: 'Cannot ship to VM "web": changed in the guest and on the host: run.sh',
    });
    await fake.vms.workspaces.prepare('web', checkout.path, { overwrite: true });
  });

  test('is brought up to date the way it was shipped', async () => {
    await using checkout = await makeDirtyCheckout();
    await using fake = await aDaemon();
    await fake.vms.workspaces.prepare('web', checkout.path, {
      branch: 'mine',
      includeUntracked: true,
    });
    await checkout.write('notes.txt', 'more');

    const { workspace, written } = await fake.vms.workspaces.sync('web');

    assert.deepEqual([workspace.ownBranch, workspace.includeUntracked, written], ['mine', true, 1]);
  });

  test('with a file that cannot be read is refused by name', async () => {
    await using checkout = await makeCheckout();
    await checkout.write('a', '1');
    await checkout.commitAll('one');
    await chmod(join(checkout.path, 'a'), 0);
    await using fake = await aDaemon();
    await using source = await fake.vms.workspaces.open(checkout.path);
    const ship = await fake.vms.workspaces.ship(source);
    await chmod(fake.daemon.directory, 0o711);
    await chmod(fake.daemon.settings.socket, 0o666);
    using _ = asSomebodyElse();

    await assert.rejects(ship.send('web'), /permission denied/);
  });
});

suite('a file that changes while it is shipped', () => {
  test('is sent as it is in the end', async () => {
    await using checkout = await makeCheckout();
    await checkout.write('a', '1');
    await checkout.commitAll('one');
    await using fake = await aDaemon();
    await using source = await fake.vms.workspaces.open(checkout.path);
    const ship = await fake.vms.workspaces.ship(source);
    await writeFile(join(checkout.path, 'a'), 'longer by now');

    await ship.send('web');

    assert.equal(fake.shipped()?.contents.get('a'), 'longer by now');
  });

  test('and goes is told by name', async () => {
    await using checkout = await makeCheckout();
    await checkout.write('a', '1');
    await checkout.commitAll('one');
    await using fake = await aDaemon();
    await using source = await fake.vms.workspaces.open(checkout.path);
    const ship = await fake.vms.workspaces.ship(source);
    await checkout.remove('a');

    await assert.rejects(ship.send('web'), {
      code: 'workspace.changing',
      message: 'Cannot ship "a": it was removed while it was shipped',
    });
  });
});

test('a path is shown as git shows it', async () => {
  await using checkout = await makeDirtyCheckout();
  const { openSource } = await import('./source.ts');
  await using source = await openSource(checkout.path, {}, new AbortController().signal);

  const names = source.files.map(({ path }) => quotePath(path)).sort();

  const listed = (await checkout.git('ls-files')).split('\n').filter((name) => name !== 'deleted');
  assert.deepEqual(names, listed.sort());
});

test('the commit of HEAD is read without git, from packed refs too', async () => {
  await using checkout = await makeCheckout();
  const unborn = readHeadCommit(checkout.path);
  const commit = await checkout.commitAll('one');

  const loose = readHeadCommit(checkout.path);
  await checkout.git('pack-refs', '--all');
  const packed = readHeadCommit(checkout.path);

  assert.deepEqual([unborn, loose, packed], [undefined, commit, commit]);
  assert.match(
    await readFile(join(checkout.path, '.git/packed-refs'), 'utf8'),
    /refs\/heads\/main/,
  );
  assert.equal(readHeadCommit('/no/such'), undefined);
});
