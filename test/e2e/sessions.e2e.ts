import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { connect } from '@banger/sdk';

import { assertFails, killAndWait, killDaemon, startBanger, until } from '../support/faults.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { expectedLines, numberedLines, sha256, SessionReader } from '../support/session-readers.ts';
import { onTerminal } from '../support/terminal.ts';
import { guestSays, showVm, SLIM } from '../support/vms.ts';

/** Commands with a name that go on by themselves. */

const CAT = ['--stdin', 'pipe', '--', 'cat'];

sandboxTest('sessions', {}, async (home, _, part) => {
  await home.ok(['vm', 'create', '--name', 'web', ...SLIM]);
  const session = (verb: string, ...args: readonly string[]) => [
    ...['vm', 'session', verb, 'web'],
    ...args,
  ];
  const start = (name: string, ...args: readonly string[]) =>
    home.ok(session('start', '--name', name, ...args));
  const ended = (name: string) =>
    until(`${name} ends`, async () => {
      const { stdout } = await home.ok([...session('show', name), '--json']);
      return (JSON.parse(stdout) as { exit: object | null }).exit !== null;
    });
  using banger = connect({ socket: (await home.ok(['daemon', 'socket'])).stdout.trim() });
  const sessions = banger.vms.sessions('web');

  await part('keeps what a command wrote, and how it ended', async () => {
    const script = 'echo one; sleep 0.3; echo two >&2; sleep 0.3; echo three; exit 3';
    const { stdout: made } = await home.ok(session('start', '--', 'sh', '-c', script));
    const name = made.trim();
    assert.match(name, /^[a-z]+-[a-z]+$/);
    await ended(name);

    const all = await home.ok(session('logs', name));
    assert.deepEqual([all.stdout, all.stderr], ['one\nthree\n', 'two\n']);
    assert.equal((await home.ok(session('logs', '--tail', '1', name))).stdout, 'three\n');
    const only = await home.ok(session('logs', '--stream', 'stderr', name));
    assert.deepEqual([only.stdout, only.stderr], ['', 'two\n']);
    assert.match((await home.ok(session('list'))).stdout, new RegExp(`^${name} +exited 3 `, 'm'));
    assert.match((await home.ok(session('show', name))).stdout, /^state: +exited 3$/m);
    const attached = await home.banger(session('attach', '--tail', 'all', name), { stdin: '' });
    assert.deepEqual([attached.status, attached.stdout], [3, 'one\nthree\n']);
    await home.ok(session('rm', name));
    const gone = await assertFails(home, session('show', name), /there is none/);
    assert.match(gone.stderr, /hint: banger vm session list web/);
  });

  await part(
    'refuses a name that runs, a command that cannot, and one that lacks others',
    async () => {
      await start('busy', '--', 'sleep', '1000');
      await assertFails(
        home,
        session('start', '--name', 'busy', '--', 'true'),
        /running one has the name/,
      );
      await assertFails(home, session('rm', 'busy'), /it is running/);
      await assertFails(home, session('send', 'busy', 'x'), /takes no input/);
      await assertFails(home, session('start', '--', 'no-such-program'), /no such command/);
      const needs = ['--require-command', 'sh', '--require-command', 'no-such-1', '--', 'true'];
      await assertFails(home, session('start', ...needs), /has no "no-such-1" in its PATH/);
      assert.equal((await home.ok(session('list', '-q'))).stdout, 'busy\n');

      await home.ok(session('kill', '--signal', 'TERM', 'busy'));
      await ended('busy');
      await assertFails(home, session('kill', 'busy'), /it has ended/);
      await start('busy', '--', 'true'); // The name is free again.
    },
  );

  await part('stops the whole group: politely, then by force', async () => {
    await start(
      'polite',
      '--',
      'sh',
      '-c',
      "trap 'echo bye; exit 4' TERM; echo up; sleep 1000 & wait",
    );
    await start(
      'stubborn',
      '--',
      'sh',
      '-c',
      "trap '' TERM; sh -c 'echo up; exec sleep 1234' & wait",
    );
    for (const name of ['polite', 'stubborn'])
      await until(
        `${name} is up`,
        async () => (await home.ok(session('logs', name))).stdout === 'up\n',
      );

    await home.ok(session('stop', 'polite'));
    await home.ok(session('stop', '--timeout', '1s', 'stubborn'));

    assert.equal((await home.ok(session('logs', 'polite'))).stdout, 'up\nbye\n');
    const list = (await home.ok(session('list'))).stdout;
    assert.match(list, /^polite +exited 4 /m);
    assert.match(list, /^stubborn +signal 9 /m);
    assert.equal(
      await guestSays(home, 'web', [
        'sh',
        '-c',
        "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -cx 123[4] || true",
      ]),
      '0',
    );
  });

  await part('takes input by send and from whoever is attached, byte for byte', async () => {
    await start('cat', ...CAT);
    const bytes = randomBytes(1_000_003);

    const attached = home.banger(session('attach', '--tail', 'all', 'cat'), { stdin: bytes });
    const { status, stdoutBytes } = await attached;

    assert.equal(status, 0);
    assert.equal(sha256(stdoutBytes), sha256(bytes));
    await start('sum', '--stdin', 'pipe', '--', 'sha256sum');
    await home.ok(session('send', 'sum', 'a', 'line'));
    await home.ok(session('send', '-n', 'sum', 'no line'));
    await home.ok(session('send', '--eof', 'sum'), { stdin: bytes });
    await ended('sum');
    const sum = sha256(Buffer.concat([Buffer.from('a\nline\nno line'), bytes]));
    assert.equal((await home.ok(session('logs', 'sum'))).stdout, `${sum}  -\n`);
  });

  await part('has one writer and any number of readers; a lost client ends nothing', async () => {
    await start('pipe', ...CAT);
    const first = startBanger(home, session('attach', 'pipe'));
    const readers = [0, 1].map(() => startBanger(home, session('attach', '--read-only', 'pipe')));
    await until('all are attached', async () => (await sessions.show('pipe')).readers === 3);

    const refused = await assertFails(home, session('attach', 'pipe'), /attached as its writer/);
    assert.match(refused.stderr, /--take/);
    const second = startBanger(home, session('attach', '--take', 'pipe'));
    await first.says(/another one writes now/);
    await home.ok(session('send', 'pipe', 'sent'));
    for (const one of [first, second, ...readers]) await one.says(/sent/);
    await killAndWait(second.pid);
    await until('the writer is gone', async () => !(await sessions.show('pipe')).hasWriter);

    assert.equal((await sessions.show('pipe')).inputClosed, false);
    first.kill('SIGINT');
    const { status, stderr } = await first.ended;
    assert.equal(status, 0);
    assert.match(
      stderr,
      /session "pipe" goes on: "banger vm session attach web pipe" to come back/,
    );
    await home.ok(session('send', '--eof', 'pipe', 'end'));
    for (const one of readers) assert.equal((await one.ended).stdout, 'sent\nend\n');
  });

  await part('is a terminal to whoever attaches: keys, size, detaching', async () => {
    await start('shell', '--tty', '--', 'sh');
    await using terminal = onTerminal(home, session('attach', 'shell'));
    await terminal.shows(/# $/);
    terminal.type('stty size; echo a$((1+1))b\r');
    await terminal.shows(/\n30 100\na2b\n/);
    terminal.type('\x10\x11');
    await terminal.shows(/session "shell" goes on/);
    assert.equal(await terminal.ended, 0);

    const reader = new SessionReader();
    await using again = await sessions.attach('shell', { ...reader.options, write: true, tail: 0 });
    again.resize({ rows: 12, cols: 34 });
    await home.ok(session('send', 'shell', 'stty size; exit 5'));
    const { session: last } = await again.end;
    assert.match(reader.text, /12 34/);
    assert.deepEqual(last.exit, { kind: 'exited', code: 5 });
  });

  await part('loses no byte: clients, the daemon and the VM come and go', async () => {
    const blocks = 30;
    await start('count', '--keep', '32M', '--', ...numberedLines(blocks, 0.3));
    const steady = new SessionReader();
    const following = sessions.read('count', steady.options);
    const restless = new SessionReader();
    let position = { stdout: 0, stderr: 0 };
    for (let round = 0; round < 5; round += 1) {
      await using attachment = await sessions.attach('count', {
        ...restless.options,
        from: position,
      });
      await restless.more(200_000);
      attachment.detach();
      ({ position } = await attachment.end);
    }
    const killed = startBanger(home, session('logs', '-f', 'count'));
    await killed.says(/\n1000\n/);
    await killAndWait(killed.pid);

    await killDaemon(home);
    await home.ok(['daemon', 'start']);
    await steady.more(500_000);
    await home.ok(['vm', 'suspend', 'web']);
    await pause(500);
    await home.ok(['vm', 'start', 'web']);
    await steady.more(500_000);
    const { session: last } = await following;
    await sessions.read('count', { ...restless.options, from: position });

    const expected = sha256(expectedLines(blocks));
    assert.equal(sha256(steady.bytes), expected);
    assert.equal(sha256(restless.bytes), expected);
    assert.equal(sha256((await home.ok(session('logs', 'count'))).stdoutBytes), expected);
    assert.deepEqual([...steady.lost, ...restless.lost], []);
    assert.ok(steady.retries.length >= 2, steady.retries.join());
    assert.equal(last.output.stdout.start, 0);
  });

  await part('loses no byte of input, and takes none twice', async () => {
    await start('slow', '--stdin', 'pipe', '--', 'sh', '-c', 'sleep 3; exec sha256sum');
    const bytes = randomBytes(3_000_000);
    const reader = new SessionReader();
    const source = (async function* () {
      for (let at = 0; at < bytes.length; at += 100_000) {
        yield bytes.subarray(at, at + 100_000);
        await pause(50);
      }
    })();
    await using attachment = await sessions.attach('slow', {
      ...reader.options,
      write: true,
      stdin: source,
    });
    await pause(500);
    await killDaemon(home);
    await home.ok(['daemon', 'start']);
    await pause(1500);
    await home.ok(['vm', 'suspend', 'web']);
    await home.ok(['vm', 'start', 'web']);
    await attachment.end;

    assert.equal(reader.text, `${sha256(bytes)}  -\n`);
  });

  await part('tells exactly what it lost when more is written than is kept', async () => {
    await start('flood', '--keep', '1M', '--', ...numberedLines(10, 0));
    await ended('flood');
    const expected = expectedLines(10);

    const { stdoutBytes, stderr } = await home.ok(session('logs', 'flood'));

    const kept = expected.subarray(expected.length - 1024 * 1024);
    assert.equal(sha256(stdoutBytes), sha256(kept));
    const lost = String(expected.length - kept.length);
    assert.match(
      stderr,
      new RegExp(`^warning: ${lost} bytes of stdout are lost \\(0 to ${lost}\\)`, 'm'),
    );
  });

  await part('goes on when the disk of the guest is full, and says what is missing', async () => {
    const script =
      'echo before; while [ ! -e /run/go ]; do sleep 0.1; done; head -c 200000 /dev/zero; while [ ! -e /run/on ]; do sleep 0.1; done; echo after';
    await start('full', '--', 'sh', '-c', script);
    await guestSays(home, 'web', [
      'sh',
      '-c',
      'mkdir -p /mnt/s; fallocate -l 64G /fill 2>/dev/null; dd if=/dev/zero of=/fill2 bs=1M 2>/dev/null; dd if=/dev/zero of=/fill3 bs=4k 2>/dev/null; touch /run/go; sleep 2; rm -f /fill /fill2 /fill3; touch /run/on',
    ]);
    await ended('full');

    const { stdout, stderr } = await home.ok(session('logs', 'full'));

    assert.match(stdout, /^before\n/);
    assert.match(stdout, /after\n$/);
    assert.match(
      stderr,
      /^warning: \d+ bytes of stdout are lost .*the guest's disk did not take them$/m,
    );
  });

  await part(
    'goes on while the VM is saved, copied and paused; says when it was set back',
    async () => {
      const script = 'i=0; while :; do echo $((i=i+1)); sleep 0.1; done';
      await start('tick', '--', 'sh', '-c', script);
      const reader = startBanger(home, session('logs', '-f', 'tick'));
      const more = async (number: number) => reader.says(new RegExp(`^${String(number)}\n`, 'm'));
      await more(5);
      await home.ok(['vm', 'snapshot', 'web', 'early']);
      await more(15);
      await home.ok(['vm', 'fork', 'web', '--name', 'copy']);
      await home.ok(['vm', 'delete', 'copy']);
      await home.ok(['vm', 'pause', 'web']);
      await home.ok(['vm', 'resume', 'web']);
      await more(30);
      await home.ok(['daemon', 'restart']);
      await more(60);
      await home.ok(['vm', 'restore', 'web', 'early']);

      const { status, stdout, stderr } = await reader.ended;
      const numbers = stdout.trimEnd().split('\n');
      assert.deepEqual(
        numbers,
        numbers.map((_number, index) => String(index + 1)),
      );
      assert.equal(status, 1);
      assert.match(stderr, /^error: .*it has not written as much/m);
      assert.match((await home.ok(session('list'))).stdout, /^tick +running/m);
      await home.ok(session('stop', 'tick'));
    },
  );

  await part('lives on in a fork, apart from the original', async () => {
    await start('both', ...CAT);
    await home.ok(session('send', 'both', 'before'));
    const [copy] = await (await banger.vms.get('web')).fork({ name: 'copy' });
    await home.ok(['vm', 'session', 'send', 'copy', 'both', 'only in the copy', '--eof']);

    const reader = new SessionReader();
    await copy?.sessions.read('both', reader.options);

    assert.equal(reader.text, 'before\nonly in the copy\n');
    assert.equal((await home.ok(session('logs', 'both'))).stdout, 'before\n');
    assert.equal((await sessions.show('both')).exit, null);
    await home.ok(['vm', 'delete', 'copy']);
  });

  await part('ends with its VM, and tells whoever is attached', async () => {
    await start('doomed', '--', 'sh', '-c', 'echo up; sleep 1000');
    const attached = startBanger(home, session('attach', 'doomed'));
    await attached.says(/up/);
    const { pid } = (await showVm(home, 'web')).vmm ?? {};
    await killAndWait(pid ?? 0);

    const { status, stderr } = await attached.ended;
    assert.equal(status, 1);
    assert.match(stderr, /^error: .*it is stop/m);
    await home.ok(['vm', 'start', 'web']);
    assert.equal((await home.ok(session('list', '-q'))).stdout, '');
    assert.equal(
      await guestSays(home, 'web', ['sh', '-c', 'ls /var/lib/banger/sessions 2>/dev/null | wc -l']),
      '0',
    );
  });
});
