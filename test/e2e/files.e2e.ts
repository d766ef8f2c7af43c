import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { archiveOf, top, type Made } from '../../packages/sdk/src/files/files.fixture.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { guestSays, SLIM } from '../support/vms.ts';

/** Files into a VM and out of it, as a user does it. */

sandboxTest('vm cp copies both ways', {}, async (home, t, part) => {
  const dir = mkdtempSync(join(tmpdir(), 'banger-cp-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  await home.ok(['vm', 'create', '--name', 'box', ...SLIM]);
  const cp = (...args: string[]) => home.ok(['cp', ...args], { stdin: '' });
  const refused = async (args: readonly string[], message: RegExp, stdin: string | Buffer = '') => {
    const run = await home.banger(['cp', ...args], { stdin });
    assert.equal(run.status, 1, run.stderr);
    assert.match(run.stderr, message);
    assert.match(run.stderr, /^hint: /m);
  };
  const says = (script: string) => guestSays(home, 'box', ['sh', '-c', script]);

  await part('a file keeps its bytes, permissions and time, and belongs to root', async () => {
    const bytes = randomBytes(3_000_001);
    writeFileSync(`${dir}/file`, bytes, { mode: 0o640 });
    utimesSync(`${dir}/file`, 1_500_000_000.25, 1_500_000_000.25);

    await cp(`${dir}/file`, 'box:/srv/copy');
    await cp('box:/srv/copy', `${dir}/back`);

    assert.equal(await says('stat -c "%a %U %G %Y" /srv/copy'), '640 root root 1500000000');
    assert.equal(await says('sha256sum < /srv/copy'), `${sha256(bytes)}  -`);
    assert.ok(readFileSync(`${dir}/back`).equals(bytes));
    assert.equal(statSync(`${dir}/back`).mode & 0o7777, 0o640);
    assert.ok(Math.abs(statSync(`${dir}/back`).mtimeMs - 1_500_000_000_250) < 0.001);
  });

  await part('a tree comes back as it went', async () => {
    const tree = `${dir}/tree`;
    makeTree(tree);

    await cp(tree, 'box:/srv');
    await cp('box:/srv/tree', `${dir}/tree-back`);

    const format = '%P %y %m %s %l %n\\0';
    const inGuest = await says(
      `cd /srv/tree; find . -mindepth 1 -printf '%P %y %m %s %l %n\\0' | LC_ALL=C sort -z | sha256sum`,
    );
    assert.equal(inGuest, `${sha256(found(tree, format))}  -`);
    assert.deepEqual(found(`${dir}/tree-back`, format), found(tree, format));
    execFileSync('diff', ['-r', '--no-dereference', tree, `${dir}/tree-back`]);
    const times = '%P %TY%Tm%Td%TH%TM %T@\\0';
    assert.deepEqual(seconds(found(`${dir}/tree-back`, times)), seconds(found(tree, times)));
  });

  await part('a copy goes where cp would put it', async () => {
    writeFileSync(`${dir}/one`, '1');
    await says('mkdir -p /srv/d /root/rel');

    await cp(`${dir}/one`, 'box:/srv/d');
    await cp(`${dir}/one`, 'box:/srv/d/');
    await cp(`${dir}/one`, 'box:/srv/d/two');
    await cp(`${dir}/one`, 'box:rel/three');
    await cp(`${dir}/one`, 'box:~/rel/four');
    await cp(`${dir}/tree/.`, 'box:/srv/merged');
    await cp(`${dir}/tree/.`, 'box:/srv/merged');
    await cp('box:/srv/d/.', `${dir}/d2`);
    await cp('box:rel', dir);

    assert.equal(await says('ls /srv/d; ls /root/rel'), 'one\ntwo\nfour\nthree');
    assert.equal(await says('ls /srv/merged | wc -l'), await says('ls /srv/tree | wc -l'));
    assert.ok(existsSync(`${dir}/d2/two`) && existsSync(`${dir}/rel/three`));
  });

  await part('a link is copied as one, or followed when asked', async () => {
    symlinkSync('one', `${dir}/link`);

    await cp(`${dir}/link`, 'box:/srv/link');
    await cp('-L', `${dir}/link`, 'box:/srv/followed');
    await says('ln -sf /srv/followed /srv/out');
    await cp('box:/srv/out', `${dir}/out`);
    await cp('-L', 'box:/srv/out', `${dir}/out-followed`);

    assert.equal(await says('readlink /srv/link; cat /srv/followed'), 'one\n1');
    assert.equal(execFileSync('readlink', [`${dir}/out`]).toString(), '/srv/followed\n');
    assert.equal(readFileSync(`${dir}/out-followed`, 'utf8'), '1');
  });

  await part('a dash is a tar archive, which keeps its owners', async () => {
    const archive = execFileSync('tar', ['-c', '--owner=7', '--group=8', '-C', dir, 'tree'], {
      maxBuffer: 2 ** 28,
    });
    await says('mkdir /srv/streams');

    await home.ok(['cp', '-', 'box:/srv/streams'], { stdin: archive });
    const back = await home.ok(['cp', 'box:/srv/streams/tree', '-'], { stdin: '' });

    assert.equal(await says('stat -c "%u:%g" /srv/streams/tree/plain'), '7:8');
    const names = execFileSync('tar', ['-t'], { input: back.stdoutBytes }).toString().split('\n');
    assert.ok(names.includes('tree/sub/deeper/'), names.join(' '));
  });

  await part('holes stay holes, and are not sent', async () => {
    writeFileSync(`${dir}/holes`, 'start');
    truncateSync(`${dir}/holes`, 1024 ** 3);
    writeFileSync(`${dir}/holes`, 'end', { flag: 'a' });

    await cp(`${dir}/holes`, 'box:/srv/holes');
    await cp('box:/srv/holes', `${dir}/holes-back`);

    assert.equal(await says('stat -c %s /srv/holes'), String(1024 ** 3 + 3));
    assert.ok(Number(await says('stat -c %b /srv/holes')) < 2048);
    assert.ok(statSync(`${dir}/holes-back`).blocks < 2048);
    execFileSync('cmp', [`${dir}/holes`, `${dir}/holes-back`]);
  });

  await part('an archive that leads out of its destination is refused', async () => {
    const hostile: Readonly<Record<string, readonly Made[]>> = {
      '..': [{ name: 'x/../../escaped', content: 'x' }],
      'an absolute name': [{ name: '/escaped', content: 'x' }],
      'a link out': [
        { name: 'out', kind: 'link', linkName: '/' },
        { name: 'out/escaped', content: 'x' },
      ],
      'a hard link out': [{ name: 'h', kind: 'hard link', linkName: '../../etc/passwd' }],
      'a hard link behind a link': [
        { name: 'out', kind: 'link', linkName: '../../etc' },
        { name: 'h', kind: 'hard link', linkName: 'out/passwd' },
      ],
    };
    await says('mkdir -p /srv/jail/in');
    for (const [name, entries] of Object.entries(hostile)) {
      const run = await home.banger(['cp', '-', 'box:/srv/jail/in'], {
        stdin: archiveOf(...entries),
      });
      assert.equal(run.status, 1, name);
      assert.match(run.stderr, /^error: /m, name);
    }
    assert.equal(
      await says(
        'ls -d /escaped /srv/jail/escaped 2>/dev/null; ls -A /srv/jail/in/h 2>/dev/null; find / -xdev -name ".banger-*"; true',
      ),
      '',
    );
  });

  await part('what a guest sends stays below its destination', async () => {
    await says(
      'mkdir -p /srv/bad; mknod /srv/bad/null c 1 3; mkfifo /srv/fifo; printf x > /srv/suid; chmod 6755 /srv/suid',
    );
    const before = found(dir, '%P\\0');

    await refused(['box:/srv/bad', dir], /"null" out of the guest: it is a character device/);
    await refused(['box:/srv/fifo', dir], /it is a FIFO/);
    await refused(['--max-entries', '3', 'box:/srv/tree', `${dir}/t`], /more than 3 entries/);
    await refused(['--max-size', '1M', 'box:/srv/copy', `${dir}/t`], /more than 1048576 bytes/);
    assert.deepEqual(found(dir, '%P\\0'), before);

    await cp('box:/srv/suid', `${dir}/suid`);
    assert.equal(statSync(`${dir}/suid`).mode & 0o7777, 0o755);
  });

  await part('mistakes are told with the way out', async () => {
    await refused([`${dir}/none`, 'box:/srv'], /Cannot read ".*none": there is no such file/);
    await refused([`${dir}/one`, 'box:/none/x'], /there is no directory "\/none"/);
    await refused([`${dir}/one`, 'box:/none/'], /there is no such directory/);
    await refused(['box:/none', dir], /there is no such file or directory/);
    await refused(['box:/srv/copy', `${dir}/none/x`], /there is no directory/);
    await refused([`${dir}/tree`, 'box:/srv/copy'], /directory over "\/srv\/copy": it is a file/);
    await refused(['-', 'box:/srv/d/one'], /is not a directory/, archiveOf(top));
    await refused(['-', 'box:/srv/d'], /not a byte came/);
    await refused(['-', 'box:/srv/d'], /not a tar archive/, 'no tar'.repeat(1000));
    await refused([`${dir}/one`, 'nobody:/x'], /nobody/);
    for (const args of [['a', 'b'], ['box:/a', 'box:/b'], ['-', '-'], ['box:/a']]) {
      const run = await home.banger(['cp', ...args], { stdin: '' });
      assert.equal(run.status, 2, run.stderr);
    }
  });
});

function makeTree(dir: string): void {
  mkdirSync(`${dir}/sub/deeper`, { recursive: true });
  writeFileSync(`${dir}/plain`, 'plain');
  writeFileSync(`${dir}/empty`, '');
  writeFileSync(`${dir}/large`, randomBytes(700_001));
  writeFileSync(`${dir}/sub/two\nlines`, 'newline');
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/sub/`), Buffer.from([0xff, 0xfe])]), 'no text');
  writeFileSync(`${dir}/sub/${'long'.repeat(60)}`, 'long name');
  writeFileSync(`${dir}/sub/deeper/ünï`, 'x', { mode: 0o400 });
  linkSync(`${dir}/plain`, `${dir}/twin`);
  symlinkSync('/nowhere', `${dir}/link`);
  mkdirSync(`${dir}/locked`);
  writeFileSync(`${dir}/locked/in`, 'in');
  chmodSync(`${dir}/locked`, 0o500);
  utimesSync(`${dir}/plain`, 1_000_000_000, 1_000_000_000);
  lutimesSync(`${dir}/link`, 1_100_000_000, 1_100_000_000);
  utimesSync(`${dir}/sub`, 1_200_000_000, 1_200_000_000);
}

/** What lies below a directory, in the order of its bytes. */
function found(dir: string, format: string): string {
  const find = `find . -mindepth 1 -printf '${format}' | LC_ALL=C sort -z`;
  return execFileSync('sh', ['-c', find], { cwd: dir }).toString('latin1');
}

/** Without the fractions, of which Node keeps but a quarter of a microsecond. */
function seconds(text: string): string {
  return text.replaceAll(/(\.\d+)(?=\0)/g, '');
}

function sha256(bytes: string | Uint8Array): string {
  const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  return createHash('sha256').update(data).digest('hex');
}

sandboxTest(
  'every VM gets the files and the git identity of its user',
  {},
  async (home, t, part) => {
    const dir = mkdtempSync(join(tmpdir(), 'banger-sync-'));
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    mkdirSync(`${dir}/d`);
    writeFileSync(`${dir}/d/tool`, 'tool');
    chmodSync(`${dir}/d/tool`, 0o755);
    writeFileSync(`${dir}/netrc`, 'secret 1');
    const entry = (host: string, guest: string, mode = '') =>
      `[[file_sync]]\nhost = "${host}"\nguest = "${guest}"\n${mode}`;
    mkdirSync(dirname(home.configFile), { recursive: true });
    const entries = [
      entry(`${dir}/netrc`, '~/.netrc'),
      entry(`${dir}/netrc`, '/root/.config/open', 'mode = "0644"\n'),
      entry(`${dir}/d`, '~/bin'),
      entry(`${dir}/none`, '~/none'),
    ];
    writeFileSync(home.configFile, entries.join(''));
    writeFileSync(
      join(home.env['HOME'] ?? '', '.gitconfig'),
      '[user]\n\tname = Ana Ñ\n\temail = ana@example.org\n',
    );
    const says = (script: string) => guestSays(home, 'box', ['sh', '-c', script]);
    const look = 'cd /root; stat -c "%n %a %U:%G" .netrc .config/open bin bin/tool; cat .netrc';
    const expected =
      '.netrc 600 root:root\n.config/open 644 root:root\nbin 755 root:root\nbin/tool 755 root:root\nsecret ';

    await part('when it is created, with a warning for what is missing', async () => {
      const created = await home.ok(['vm', 'create', '--name', 'box', ...SLIM]);

      assert.match(
        created.stderr,
        /warning: file_sync entry 3: there is no ".*\/none" on this machine/,
      );
      assert.equal(await says(look), `${expected}1`);
      assert.match(
        await says('cat /root/.config/git/config'),
        /name = "Ana Ñ"\n\temail = "ana@example.org"/,
      );
    });

    await part('and anew at each start, where it has not said otherwise', async () => {
      await says('printf "[user]\\n\\tname = Me\\n" > /root/.config/git/config; rm /root/.netrc');
      writeFileSync(`${dir}/netrc`, 'secret 2');

      await home.ok(['vm', 'restart', 'box']);

      assert.equal(await says(look), `${expected}2`);
      assert.equal(await says('grep name /root/.config/git/config'), '\tname = Me');
    });
  },
);
