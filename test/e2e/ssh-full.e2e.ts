import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { pinsOf, sshUser, startAgent } from '../support/ssh.ts';
import { onTerminal } from '../support/terminal.ts';
import { guestSays } from '../support/vms.ts';

/** The real OpenSSH client against the image's own OpenSSH server. */

sandboxTest(
  'ssh to the default image',
  { images: 'full', timeoutMs: 900_000 },
  async (home, _, part) => {
    const ssh = sshUser(home);
    const dir = home.env['HOME'] ?? '';
    const at = (name: string) => join(dir, name);
    const inGuest = (script: string) => guestSays(home, 'full', ['sh', '-c', script]);
    await home.ok(['run', '-d', '--name', 'full']);
    await home.ok(['ssh-config', '--install']);

    await part('OpenSSH answers, with the key that was pinned, and lets the host in', async () => {
      const banner = 'exec 3<>/dev/tcp/127.0.0.1/22; read -r line <&3; echo "$line"';
      assert.match(await guestSays(home, 'full', ['bash', '-c', banner]), /^SSH-2\.0-OpenSSH/);
      assert.equal(
        (await pinsOf(home)).get('full.vm'),
        await inGuest('cut -d" " -f1,2 /etc/ssh/ssh_host_ed25519_key.pub'),
      );
      assert.equal(await ssh.ok('ssh', ['full.vm', 'hostname; id -un']), 'full\nroot\n');
      const { stdout, status } = await home.banger([
        'ssh',
        'full',
        '--',
        'sh',
        '-c',
        'echo "$0 $1"; exit 255',
        'a b',
        "it's $x",
      ]);
      assert.deepEqual([stdout, status], ["a b it's $x\n", 255]);
    });

    await part('sshd is as strict as it is to be', async () => {
      const settings = (await inGuest('mkdir -p /run/sshd; /usr/sbin/sshd -T')).split('\n');
      for (const line of [
        'passwordauthentication no',
        'kbdinteractiveauthentication no',
        'permitemptypasswords no',
        'permitrootlogin without-password',
        'strictmodes yes',
        'authorizedkeysfile .ssh/authorized_keys /etc/ssh/banger_authorized_keys',
      ]) {
        assert.ok(settings.includes(line), `${line} is not in\n${settings.join('\n')}`);
      }
    });

    await part('no password opens it, nor the lack of one', async () => {
      await inGuest(
        'useradd -m -s /bin/bash ana; echo ana:secret | chpasswd; useradd -m -s /bin/bash bob; passwd -d bob >/dev/null',
      );
      for (const user of ['ana', 'bob', 'root']) {
        const methods = 'PreferredAuthentications=password,keyboard-interactive,none';
        const { status, stderr } = await ssh.run(
          'ssh',
          ['-o', methods, `${user}@full.vm`, 'true'],
          {
            env: { SSH_ASKPASS: '/bin/false', DISPLAY: '' },
          },
        );
        assert.equal(status, 255);
        assert.match(stderr, /Permission denied \(publickey\)/);
      }
      assert.equal(await ssh.ok('ssh', ['ana@full.vm', 'id -un']), 'ana\n');
    });

    await part('scp, sftp and rsync carry bytes, modes and links', async () => {
      const big = randomBytes(4_000_000);
      const hash = createHash('sha256').update(big).digest('hex');
      await mkdir(at('tree/sub'), { recursive: true });
      await writeFile(at('tree/big'), big);
      await writeFile(at('tree/sub/run'), '#!/bin/sh\n', { mode: 0o755 });
      await runToEnd(['ln', '-s', '../big', at('tree/sub/link')], {});
      await ssh.ok('scp', [at('tree/big'), 'full.vm:/root/scp']);
      await ssh.ok('sftp', ['-b', '-', 'full.vm'], { stdin: `put ${at('tree/big')} /root/sftp\n` });
      const rsync = (...args: readonly string[]) =>
        runToEnd(['rsync', '-a', '-e', ssh.command, ...args], { env: home.env });
      const there = await rsync(`${at('tree')}/`, 'full.vm:/root/tree/');
      assert.equal(there.status, 0, there.stderr);
      const hashes = await inGuest(
        'sha256sum /root/scp /root/sftp /root/tree/big /root/tree/sub/link | cut -d" " -f1 | sort -u',
      );
      assert.equal(hashes, hash);
      assert.equal(await inGuest('stat -c %a /root/tree/sub/run'), '755');
      const back = await rsync('full.vm:/root/tree/', `${at('back')}/`);
      assert.equal(back.status, 0, back.stderr);
      assert.ok((await readFile(at('back/sub/link'))).equals(big));
      assert.match((await rsync('-n', '-i', `${at('tree')}/`, 'full.vm:/root/tree/')).stdout, /^$/);
    });

    await part('the agent of the user answers in the guest', async () => {
      await using agent = await startAgent(dir);
      const listed = await ssh.ok('ssh', ['-A', 'full.vm', 'ssh-add -L'], { env: agent.env });
      assert.equal(listed.split(' ')[1], agent.publicKey);
      const own = await home.ok(['ssh', 'full', '-A', '--', 'ssh-add', '-L'], { env: agent.env });
      assert.equal(own.stdout, listed);
    });

    await part('a terminal', async () => {
      await using terminal = onTerminal(home, ['ssh', 'full']);
      await terminal.shows(/[$#] $/);
      terminal.type('stty size\n');
      await terminal.shows(/30 100/);
      terminal.type('exit 9\n');
      assert.equal(await terminal.ended, 9);
    });

    await part('a fork has a key of its own, which its sshd uses', async () => {
      await home.ok(['vm', 'fork', 'full', '--name', 'copy']);
      const pins = await pinsOf(home);
      assert.notEqual(pins.get('copy.vm'), pins.get('full.vm'));
      assert.equal(await ssh.ok('ssh', ['copy.vm', 'hostname']), 'copy\n');
      await home.ok(['vm', 'delete', 'copy']);
    });

    await part('where its sshd does not listen, the agent serves', async () => {
      await inGuest('systemctl stop ssh.socket');
      assert.equal(
        await ssh.ok('ssh', ['full.vm', 'echo $SSH_CONNECTION']),
        '127.0.0.1 0 127.0.0.1 22\n',
      );
      await inGuest('systemctl start ssh.socket');
    });

    await part('another host key than the pinned one is refused', async () => {
      await inGuest(
        'cd /etc/ssh && rm ssh_host_ed25519_key* && ssh-keygen -q -t ed25519 -N "" -f ssh_host_ed25519_key',
      );

      const { status, stderr } = await home.banger(['ssh', 'full', '--', 'true']);

      assert.equal(status, 125);
      assert.match(
        stderr,
        /REMOTE HOST IDENTIFICATION HAS CHANGED[^]*error: Cannot use ssh to VM "full"/,
      );
      await home.ok(['vm', 'restart', 'full']); // Which makes it itself again.
      assert.equal(await ssh.ok('ssh', ['full.vm', 'hostname']), 'full\n');
    });

    await home.ok(['vm', 'delete', 'full']);
    assert.deepEqual([...(await pinsOf(home)).keys()], []);
  },
);
