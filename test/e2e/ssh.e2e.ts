import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { killDaemon, startBanger, until } from '../support/faults.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { freePort, pinsOf, sshUser, startAgent } from '../support/ssh.ts';
import { onTerminal } from '../support/terminal.ts';
import { guestSays, SLIM } from '../support/vms.ts';

/** The real OpenSSH client against the agent's own server: the slim image has none. */

const hashOf = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Answers HTTP with what is in a file, in the few lines that Perl needs */
const SERVER = `use IO::Socket::INET;
my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die;
print $l->sockport, "\\n" if $ARGV[2]; open STDOUT, ">/dev/null" if $ARGV[2];
while (my $c = $l->accept) { while (<$c>) { last if /^\\r?$/ } open my $f, "<", $ARGV[1]; local $/; my $b = <$f>;
print $c "HTTP/1.0 200 OK\\r\\nContent-Length: ", length $b, "\\r\\n\\r\\n", $b; close $c }`;

sandboxTest('ssh to an image without sshd', {}, async (home, _, part) => {
  const ssh = sshUser(home);
  const dir = home.env['HOME'] ?? '';
  const at = (name: string) => join(dir, name);
  const inGuest = (script: string) => guestSays(home, 'web', ['sh', '-c', script]);
  const big = randomBytes(4_000_000);
  await writeFile(at('big'), big);

  await part('the host key is pinned before the VM runs', async () => {
    await home.ok(['vm', 'create', '--no-start', '--name', 'web', ...SLIM]);
    assert.match((await pinsOf(home)).get('web.vm') ?? '', /^ssh-ed25519 AAAA/);
    await home.ok(['vm', 'start', 'web']);
  });

  await part('vm ssh: every argument, both outputs and the status as they are', async () => {
    const words = ['a b', '$x', "it's", '', '"', '*', '\\', '; exit 3'];
    const { stdout } = await home.ok(['ssh', 'web', '--', 'printf', '<%s>\n', ...words]);
    assert.equal(stdout, words.map((word) => `<${word}>\n`).join(''));
    const both = await home.banger([
      'vm',
      'ssh',
      'web',
      '--',
      'sh',
      '-c',
      'echo out; echo err >&2; exit 7',
    ]);
    assert.deepEqual([both.stdout, both.stderr, both.status], ['out\n', 'err\n', 7]);
    for (const [script, status] of [
      ['exit 255', 255],
      ['kill -TERM $$', 143],
      ['kill -INT $$', 130],
    ] as const) {
      assert.equal((await home.banger(['ssh', 'web', '--', 'sh', '-c', script])).status, status);
    }
    assert.equal((await home.banger(['ssh', 'web', '--', 'no-such-command'])).status, 127);
    const cat = await home.ok(['ssh', 'web', '--', 'cat'], { stdin: big.subarray(0, 1_000_000) });
    assert.ok(cat.stdoutBytes.equals(big.subarray(0, 1_000_000)));
  });

  await part('a terminal has its size, gets another one, and Ctrl-C', async () => {
    await using terminal = onTerminal(home, ['ssh', 'web']);
    await terminal.shows(/[$#] $/);
    terminal.type('stty size; echo $TERM-$0\n');
    await terminal.shows(/30 100\s+xterm--\w+/);
    await resize(home.stateDir, ['rows', '41', 'cols', '91']);
    terminal.type('stty size\n');
    await terminal.shows(/41 91/);
    terminal.type("echo be''gun; sleep 100\n");
    await terminal.shows(/begun/);
    terminal.type('\x03');
    await terminal.shows(/\^C\s[^]*[$#] $/);
    terminal.type('exit 9\n');
    assert.equal(await terminal.ended, 9);
  });

  await part('ssh-config --install: plain ssh, scp and sftp', async () => {
    await home.ok(['ssh-config', '--install']);
    assert.equal(await ssh.ok('ssh', ['web.vm', 'hostname; id -un']), 'web\nroot\n');
    await ssh.ok('scp', ['-p', at('big'), 'web.vm:/root/big']);
    assert.equal(await inGuest('sha256sum </root/big'), `${hashOf(big)}  -`);
    await ssh.ok('scp', ['web.vm:/root/big', at('back')]);
    assert.equal(hashOf(await readFile(at('back'))), hashOf(big));
    await mkdir(at('tree/empty'), { recursive: true });
    await writeFile(at('tree/run'), '#!/bin/sh\n', { mode: 0o755 });
    await ssh.ok('scp', ['-rp', at('tree'), 'web.vm:/root/']);
    assert.equal(await inGuest('cd /root/tree && stat -c "%a %n" run empty'), '755 run\n755 empty');
    const batch = `put ${at('big')} /root/put\nrename /root/put /root/renamed\nmkdir /root/d\nln -s /root/renamed /root/d/l\nls -l /root/d\n`;
    await ssh.ok('sftp', ['-b', '-', 'web.vm'], { stdin: batch });
    assert.equal(await inGuest('sha256sum </root/d/l'), `${hashOf(big)}  -`);
  });

  await part('ports: -L, -D and -R', async () => {
    await writeGuestFile('/root/server.pl', SERVER);
    await inGuest('setsid perl /root/server.pl 8000 /root/big >/dev/null 2>&1 &');
    const [local, socks, remote] = [await freePort(), await freePort(), await freePort()];
    await using host = await httpServer('from the host');
    await using tunnel = ssh.start('ssh', [
      ...['-N', '-o', 'ExitOnForwardFailure=yes', '-L', `${String(local)}:localhost:8000`],
      ...[
        '-D',
        `127.0.0.1:${String(socks)}`,
        '-R',
        `${String(remote)}:127.0.0.1:${String(host.port)}`,
      ],
      'web.vm',
    ]);
    const curl = (...args: readonly string[]) =>
      runToEnd(['curl', '-sS', '--noproxy', '*', ...args], {});
    await until('the tunnel is there', async () => {
      const { status } = await curl(
        '--retry',
        '0',
        `http://127.0.0.1:${String(local)}/`,
        '-o',
        '/dev/null',
      );
      return status === 0;
    });

    const whole = await curl(`http://127.0.0.1:${String(local)}/`);
    assert.equal(hashOf(whole.stdoutBytes), hashOf(big), whole.stderr);
    const four = await Promise.all(
      Array.from({ length: 4 }, () => curl(`http://127.0.0.1:${String(local)}/`)),
    );
    for (const { stdoutBytes } of four) assert.equal(hashOf(stdoutBytes), hashOf(big));
    const through = await runToEnd(
      ['curl', '-sS', '--socks5-hostname', `127.0.0.1:${String(socks)}`, 'http://localhost:8000/'],
      {},
    );
    assert.equal(hashOf(through.stdoutBytes), hashOf(big), through.stderr);
    assert.equal(await inGuest(`curl -sS http://127.0.0.1:${String(remote)}/`), 'from the host');
    await tunnel[Symbol.asyncDispose]();
    await until('the remote port is closed', async () => {
      const { status } = await home.banger([
        'exec',
        'web',
        '--',
        'curl',
        '-s',
        `http://127.0.0.1:${String(remote)}/`,
      ]);
      return status !== 0;
    });
  });

  await part('the agent of the user answers in the guest, with -A alone', async () => {
    await using agent = await startAgent(dir);
    // SSH_AGENTC_REQUEST_IDENTITIES; the answer has the keys.
    const ask =
      'use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new($ENV{SSH_AUTH_SOCK}) or die; print $s "\\0\\0\\0\\1\\13"; $s->flush; sysread $s, my $b, 65536; print $b';
    const command = `perl -e '${ask}'`;
    const { stdoutBytes } = await ssh.run('ssh', ['-A', 'web.vm', command], { env: agent.env });
    assert.ok(stdoutBytes.includes(Buffer.from(agent.publicKey, 'base64')), stdoutBytes.toString());
    assert.notEqual((await ssh.run('ssh', ['web.vm', command], { env: agent.env })).status, 0);
    assert.equal(await inGuest('ls -d /tmp/ssh-* 2>/dev/null | wc -l'), '0');
  });

  await part('git push and clone over ssh', async () => {
    await inGuest('git init -q --bare /root/repo.git');
    const env = { ...home.env, GIT_SSH_COMMAND: ssh.command };
    const git = async (...args: readonly string[]) => {
      const finished = await runToEnd(
        ['git', '-c', 'user.name=a', '-c', 'user.email=a@b', ...args],
        { env },
      );
      assert.equal(finished.status, 0, finished.stderr);
      return finished.stdout;
    };
    await git('init', '-q', at('repo'));
    await writeFile(at('repo/big'), big);
    await git('-C', at('repo'), 'add', 'big');
    await git('-C', at('repo'), 'commit', '-qm', 'first');
    await git('-C', at('repo'), 'push', '-q', 'web.vm:/root/repo.git', 'HEAD:main');
    await git('clone', '-q', '-b', 'main', 'web.vm:/root/repo.git', at('clone'));
    assert.equal(hashOf(await readFile(at('clone/big'))), hashOf(big));
  });

  await part(
    'what VS Code Remote does first: a server over stdin, found through a tunnel',
    async () => {
      await writeFile(at('server.pl'), SERVER);
      await writeFile(at('page'), 'a remote server');
      const tar = await runToEnd(['tar', '-C', dir, '-cz', 'server.pl', 'page'], {});
      const script = `set -e
mkdir -p ~/.remote-server && cd ~/.remote-server
base64 -d > server.tgz << 'TAR'
${tar.stdoutBytes.toString('base64').replace(/.{76}/g, '$&\n')}
TAR
tar xzf server.tgz
nohup perl server.pl 0 page 1 > port 2> log < /dev/null &
while [ ! -s port ]; do sleep 0.05; done
echo "listeningOn==$(cat port)=="
`;
      const started = await ssh.ok('ssh', ['-T', 'web.vm', 'sh'], { stdin: script });
      const port = /listeningOn==(\d+)==/.exec(started)?.[1] ?? '';
      assert.match(port, /^\d+$/, started);
      const local = await freePort();
      await using _ = ssh.start('ssh', [
        '-N',
        '-L',
        `${String(local)}:127.0.0.1:${port}`,
        'web.vm',
      ]);
      await until('the server answers', async () => {
        const { stdout } = await runToEnd(
          ['curl', '-s', '--noproxy', '*', `http://127.0.0.1:${String(local)}/`],
          {},
        );
        return stdout === 'a remote server';
      });
    },
  );

  await part('users: with a shell, with their own rights, with a key', async () => {
    await inGuest(
      'printf "ana::1000:1000::/home/ana:/bin/sh\\nbot::1001:1001::/:/usr/sbin/nologin\\n" >>/etc/passwd; echo ana:x:1000: >>/etc/group; mkdir -p /home/ana; chown 1000:1000 /home/ana; echo secret >/root/secret; chmod 600 /root/secret',
    );
    assert.equal(await ssh.ok('ssh', ['ana@web.vm', 'id -un; pwd']), 'ana\n/home/ana\n');
    assert.equal(
      (await home.ok(['ssh', 'web', '--user', 'ana', '--', 'id', '-u'])).stdout,
      '1000\n',
    );
    const stolen = await ssh.run('scp', ['ana@web.vm:/root/secret', at('stolen')]);
    assert.notEqual(stolen.status, 0);
    await ssh.ok('scp', [at('page'), 'ana@web.vm:page']);
    assert.equal(await inGuest('stat -c %U /home/ana/page'), 'ana');
    const refused = /Permission denied \(publickey\)/;
    for (const args of [
      ['bot@web.vm'],
      ['nosuch@web.vm'],
      ['-o', 'PreferredAuthentications=password,keyboard-interactive,none', 'ana@web.vm'],
      [
        '-o',
        'IdentityFile=/nonexistent',
        '-o',
        'IdentityAgent=none',
        '-F',
        await configWithoutKey(),
        'web.vm',
      ],
    ]) {
      const { status, stderr } = await ssh.run('ssh', ['-o', 'BatchMode=yes', ...args, 'true']);
      assert.equal(status, 255, args.join(' '));
      assert.match(stderr, refused);
    }
  });

  await part('it listens in the guest’s network as well', async () => {
    const banner = 'exec 3<>/dev/tcp/127.0.0.1/22; read -r line <&3; echo "$line"';
    assert.match(await guestSays(home, 'web', ['bash', '-c', banner]), /^SSH-2\.0-banger/);
  });

  await part('another VM and a fork have keys of their own, and a deleted one none', async () => {
    await home.ok(['vm', 'create', '--name', 'db', ...SLIM]);
    await home.ok(['vm', 'fork', 'web', '--name', 'copy']);
    const pins = await pinsOf(home);
    assert.deepEqual([...pins.keys()].sort(), ['copy.vm', 'db.vm', 'web.vm']);
    assert.equal(new Set(pins.values()).size, 3);
    for (const name of ['web', 'db', 'copy']) {
      assert.equal(await ssh.ok('ssh', [`${name}.vm`, 'hostname']), `${name}\n`);
    }
    await home.ok(['vm', 'delete', 'db', 'copy']);
    assert.deepEqual([...(await pinsOf(home)).keys()], ['web.vm']);
    assert.match((await ssh.run('ssh', ['db.vm', 'true'])).stderr, /error: .*"db"/);
  });

  await part('restart, suspend and restore keep it', async () => {
    await home.ok(['vm', 'snapshot', 'web', 'now']);
    for (const verbs of [['restart'], ['suspend', 'start']]) {
      for (const verb of verbs) await home.ok(['vm', verb, 'web']);
      assert.equal(
        await ssh.ok('ssh', ['web.vm', 'echo $SSH_CONNECTION']),
        '127.0.0.1 0 127.0.0.1 22\n',
      );
    }
    await home.ok(['vm', 'restore', 'web', 'now']);
    assert.equal(await ssh.ok('ssh', ['web.vm', 'hostname']), 'web\n');
  });

  await part(
    'another key than the pinned one is refused, and a new daemon puts the pins right',
    async () => {
      const file = join(home.stateDir, 'ssh/known_hosts');
      const other =
        'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN76zuqnjypL54/w4763l7q1Sn3IBYHptJ5wcYfEWkzi';
      await writeFile(file, (await readFile(file, 'utf8')).replace(/ssh-ed25519 \S+/, other));

      const { status, stderr } = await home.banger(['ssh', 'web', '--', 'true']);
      assert.equal(status, 125);
      assert.match(stderr, /REMOTE HOST IDENTIFICATION HAS CHANGED/);
      assert.match(stderr, /^error: Cannot use ssh to VM "web"/m);
      await home.ok(['daemon', 'restart']);
      await home.ok(['ssh', 'web', '--', 'true']);
    },
  );

  await part('the daemon killed under a session: it ends, and the next one works', async () => {
    const session = startBanger(home, ['ssh', 'web', '--', 'sh', '-c', 'echo up; sleep 100']);
    await session.says(/up/);
    await killDaemon(home);
    const { status, stderr } = await session.ended;
    assert.equal(status, 125);
    assert.match(stderr, /^error: Cannot use ssh to VM "web"/m);
    const { stderr: without, status: refused } = await ssh.run('ssh', ['web.vm', 'true']);
    assert.equal(refused, 255);
    assert.match(without, /^error: .*daemon.*\nhint: banger daemon start/m);
    await home.ok(['ssh', 'web', '--', 'true']);
  });

  await part('the VM killed under a session: it ends soon; stopped, nothing wakes it', async () => {
    const session = startBanger(home, ['ssh', 'web', '--', 'sh', '-c', 'echo up; sleep 100']);
    await session.says(/up/);
    await home.ok(['vm', 'kill', 'web']);
    assert.equal((await session.ended).status, 125);

    const { status, stderr } = await ssh.run('ssh', ['web.vm', 'true']);
    assert.equal(status, 255);
    assert.match(stderr, /^error: .*"web".*\nhint: banger vm start web/m);
    const own = await home.banger(['ssh', 'web']);
    assert.equal(own.status, 125);
    assert.match(own.stderr, /^error: .*"web".*\nhint: banger vm start web/m);
  });

  await part('uninstalled, nothing of it is left', async () => {
    await home.ok(['ssh-config', '--uninstall']);
    assert.deepEqual(await readdir(at('.ssh')), []);
    assert.equal((await stat(join(home.stateDir, 'ssh/id_ed25519'))).mode & 0o777, 0o600);
    await home.ok(['vm', 'delete', 'web']);
    assert.deepEqual([...(await pinsOf(home)).keys()], []);
    await home.assertHostIsClean();
  });

  async function writeGuestFile(path: string, content: string): Promise<void> {
    await home.ok(['exec', 'web', '--', 'sh', '-c', `cat >${path}`], { stdin: content });
  }

  /** The user's own configuration as somebody else would have it */
  async function configWithoutKey(): Promise<string> {
    const text = await readFile(join(home.stateDir, 'ssh/config'), 'utf8');
    const file = at('other-config');
    await runToEnd(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', at('other-key')], {});
    await writeFile(file, text.replace(/IdentityFile .*/, `IdentityFile ${at('other-key')}`));
    return file;
  }
});

/** Gives the terminal of this home's ssh another size. */
async function resize(stateDir: string, size: readonly string[]): Promise<void> {
  for (const pid of await readdir('/proc')) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (!command.startsWith(`ssh\0-F\0${stateDir}`)) continue;
    const tty = await readlink(`/proc/${pid}/fd/0`);
    const { status, stderr } = await runToEnd(['stty', '-F', tty, ...size], {});
    assert.equal(status, 0, stderr);
    return;
  }
  assert.fail('no ssh of this home runs');
}

async function httpServer(text: string) {
  const server = createServer((_, response) => response.end(text)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
