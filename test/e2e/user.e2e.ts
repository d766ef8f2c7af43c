import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DoctorRow } from '@banger/protocol/doctor';

import { msUntil, page } from '../support/guest-server.ts';
import { makeUser, type OrdinaryUser } from '../support/ordinary-user.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { SLIM } from '../support/vms.ts';

/** Without root, from nothing: image and kernel are made in user namespaces. When not root, all other tests show it. */
const isRoot = process.geteuid?.() === 0;

void test('an ordinary user', { skip: !isRoot, timeout: 900_000 }, async (t) => {
  await using user = await makeUser();

  await t.test('doctor finds nothing that fails', async () => {
    const { status, stdout } = await user.banger(['doctor']);

    assert.equal(status, 0, stdout);
    assert.match(stdout, /^PASS +user namespaces /m);
  });

  await t.test('the first run makes image and kernel, and boots', async () => {
    const args = [
      'run',
      '--rm',
      '--image',
      'debian-bookworm-slim',
      '--',
      'sh',
      '-c',
      'id -un; uname -s',
    ];
    const run = await user.banger(args, { timeoutMs: 600_000 });

    assert.equal(run.status, 0, run.stderr);
    assert.equal(run.stdout, 'root\nLinux\n');
    assert.equal((await user.banger(['vm', 'list', '-aq'])).stdout, '');
  });

  await t.test('files in the image have the owners they should have', async () => {
    const script =
      'stat -c %U:%G / /etc/shadow /usr/bin/git /var/mail /root; find / -xdev -nouser | head -3';
    const args = ['run', '--rm', '--image', 'debian-bookworm-slim', '--', 'sh', '-c', script];
    const { stdout, stderr } = await user.banger(args);

    assert.equal(stdout, 'root:root\nroot:shadow\nroot:root\nroot:mail\nroot:root\n', stderr);
  });

  await t.test('a day’s work: a checkout, files, ssh, ports, names, sessions', async () => {
    await workADay(user);
  });

  await t.test('everything of it belongs to the user, and is nobody else’s business', async () => {
    const directories = [user.stateDir, user.runtimeDir];
    const foreign = await user.run(['find', ...directories, '!', '-user', user.name]);
    const open = await user.run(['find', ...directories, '-maxdepth', '0', '-perm', '/077']);

    assert.deepEqual([foreign.stdout, open.stdout], ['', '']);
    const socket = `${user.runtimeDir}/bangerd.sock`;
    const strangerEnv = { BANGER_SOCKET: socket, BANGER_NO_DAEMON_START: '1' };
    const stranger = await user.banger(['ps'], { uid: 65_534, gid: 65_534, env: strangerEnv });
    assert.equal(stranger.status, 1);
    assert.match(stranger.stderr, /^error: /);
  });

  await t.test('without subordinate ids it is told what to do', async () => {
    await user.dropSubordinateIds();
    const row = await userNamespacesOf(user);
    const pull = await user.banger(['image', 'pull', 'debian-bookworm']);

    assert.equal(row?.status, 'FAIL');
    assert.match(row.fix ?? '', /usermod --add-subuids/);
    assert.equal(pull.status, 1);
    assert.match(pull.stderr, /^error: .*\/etc\/subuid/m);
    assert.match(pull.stderr, /^hint: .*usermod --add-subuids/m);
  });
});

/** Everything that the other tests show of root, once, in the shortest form. */
async function workADay(user: OrdinaryUser): Promise<void> {
  const ok = async (...args: readonly string[]) => {
    const { status, stdout, stderr } = await user.banger(args);
    assert.equal(status, 0, `banger ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const sh = (script: string) => user.run(['sh', '-c', script]);
  await sh(
    'git init -q checkout && cd checkout && git config user.email a@example.com && git config user.name A',
  );
  await sh('cd checkout && echo one >file && git add . && git commit -qm first && echo two >>file');

  await ok('run', '-d', '--name', 'day', ...SLIM, `${user.home}/checkout`);
  assert.equal(await ok('exec', 'day', '--', 'git', 'status', '--short'), ' M file\n');
  assert.match(await ok('vm', 'workspace', 'export', 'day'), /^\+two$/m);

  await ok('cp', `${user.home}/checkout/file`, 'day:/tmp/copied');
  await ok('cp', 'day:/tmp/copied', `${user.home}/back`);
  assert.equal((await sh('cat back')).stdout, 'one\ntwo\n');

  assert.equal(
    await ok('ssh', 'day', '--', 'sh', '-c', 'id -un; cat /tmp/copied'),
    'root\none\ntwo\n',
  );

  await ok('vm', 'session', 'start', 'day', '--name', 'web', '--', 'perl', '-e', PAGE);
  const [row] = JSON.parse(await ok('ps', '--json')) as readonly { readonly address: string }[];
  const address = row?.address ?? '';
  await msUntil(`http://${address}:8080/`, true);
  assert.equal(await page(`http://${address}:8080/`), 'hello');
  assert.match(await ok('vm', 'ports', 'day'), /^day +tcp +8080 +perl +http:/m);
  const asked = await runToEnd(['dig', '+short', '@127.0.0.1', '-p', '42069', 'day.vm'], {});
  assert.equal(asked.stdout.trim(), address);
  await ok('vm', 'session', 'stop', 'day', 'web');

  await ok('vm', 'delete', 'day');
}

/** Answers every connection to port 8080 with one word. */
const PAGE = [
  'use Socket; socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);',
  'bind(S, sockaddr_in(8080, INADDR_ANY)) or die; listen(S, 5);',
  'while (accept(C, S)) { sysread(C, $r, 4096); syswrite(C, "HTTP/1.0 200 OK\\r\\n\\r\\nhello"); close C }',
].join(' ');

async function userNamespacesOf(user: OrdinaryUser): Promise<DoctorRow | undefined> {
  const { stdout } = await user.banger(['doctor', '--json']);
  const rows = DoctorRow.array().parse(JSON.parse(stdout));
  return rows.find(({ name }) => name === 'user namespaces');
}
