import assert from 'node:assert/strict';

import { startBanger } from '../support/faults.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import {
  bootIdOf,
  clockOffsetMs,
  countsOn,
  guestSays,
  shownVms,
  showVm,
  SLIM,
} from '../support/vms.ts';

/** What two forks of one template must not share, what they must, and forks of a running VM. */

sandboxTest(
  'two forks of the default image',
  { images: 'full', timeoutMs: 1_200_000 },
  async (home, _, part) => {
    for (const name of ['one', 'two']) await home.ok(['run', '-d', '--name', name]);
    const both = (script: string) =>
      Promise.all(['one', 'two'].map((vm) => guestSays(home, vm, ['sh', '-c', script])));
    const differ = async (script: string, pattern: RegExp) => {
      const [a, b] = await both(script);
      assert.match(a ?? '', pattern);
      assert.match(b ?? '', pattern);
      assert.notEqual(a, b);
    };

    await part('are forks of the same template', async () => {
      const [a, b] = await Promise.all([showVm(home, 'one'), showVm(home, 'two')]);
      assert.equal(a.startedFrom?.kind, 't1');
      assert.deepEqual(b.startedFrom, a.startedFrom);
    });
    await part('have hostnames of their own, also as systemd and /etc/hosts have it', async () => {
      const script = 'hostname; cat /etc/hostname; hostnamectl hostname; getent hosts $(hostname)';
      const [a, b] = await both(script);
      assert.match(a ?? '', /^one\none\none\n127\.0\.1\.1\s+one$/);
      assert.match(b ?? '', /^two\ntwo\ntwo\n127\.0\.1\.1\s+two$/);
    });
    await part('have machine-ids of their own', () =>
      differ('cat /etc/machine-id', /^[0-9a-f]{32}$/),
    );
    await part('have MACs of their own, the ones that banger says', async () => {
      await differ('cat /sys/class/net/eth0/address', /^02:ba:/);
      const { network } = await showVm(home, 'one');
      assert.equal((await both('cat /sys/class/net/eth0/address'))[0], network?.mac);
    });
    await part('have addresses of their own, the ones that banger says', async () => {
      const script = 'ip -4 -o addr show dev eth0 | awk "{print \\$4}"';
      await differ(script, /^10\.77\.\d+\.\d+\/16$/);
      const { network } = await showVm(home, 'two');
      assert.equal((await both(script))[1], network?.address);
    });
    await part('have ssh host keys of their own, which their sshd uses', async () => {
      await differ('cat /etc/ssh/ssh_host_ed25519_key.pub', /^ssh-ed25519 AAAA/);
      await differ('ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null | cut -d" " -f3', /^AAAA/);
      assert.deepEqual(await both('ls /etc/ssh/ssh_host_*_key'), [
        '/etc/ssh/ssh_host_ed25519_key',
        '/etc/ssh/ssh_host_ed25519_key',
      ]);
    });
    await part('have random bytes of their own from /dev/urandom', () =>
      differ('head -c 32 /dev/urandom | od -An -tx1', /[0-9a-f]/),
    );
    await part('agree with the clock of the host within 100 ms', async () => {
      for (const { hygiene } of await Promise.all([showVm(home, 'one'), showVm(home, 'two')])) {
        const clock = hygiene.find(({ name }) => name === 'clock');
        assert.equal(clock?.ok, true, JSON.stringify(clock));
      }
      for (const vm of ['one', 'two']) assert.ok((await clockOffsetMs(home, vm)) < 100);
    });
    await part('have a systemd and a Docker that work', async () => {
      const [a] = await both('systemctl is-system-running; systemctl is-active docker ssh.socket');
      assert.equal(a, 'running\nactive\nactive');
      await both('systemd-run --wait --quiet true');
      const [server] = await both('docker version --format "{{.Server.Os}}"');
      assert.equal(server, 'linux');
      const script =
        'tar -C / -ch bin/sh lib64/ld-linux-x86-64.so.2 lib/x86_64-linux-gnu/libc.so.6 | docker import - tiny >/dev/null; docker run --rm --network none tiny /bin/sh -c "echo in a container"';
      assert.equal((await both(script))[1], 'in a container');
    });
    await part('have a journal that can be read and goes on', async () => {
      await both('logger -t e2e "from $(hostname)"; journalctl --sync');
      assert.deepEqual(await both('journalctl -t e2e -o cat'), ['from one', 'from two']);
    });
    await part('reach the network of the host', async () => {
      const [route] = await both('ip route show default');
      assert.match(route ?? '', /^default via 10\.77\.0\.2 dev eth0/);
    });
    await part('leave clean disks when they stop', () => stopAndCheck(home, ['one', 'two']));
  },
);

sandboxTest('forks of a running VM', {}, async (home, _, part) => {
  await home.ok(['vm', 'create', '--name', 'web', ...SLIM]);
  const guest = (vm: string, script: string) => guestSays(home, vm, ['sh', '-c', script]);
  // Reads random bytes whenever it is asked to, and counts.
  const program =
    'i=0; while :; do i=$((i+1)); echo $i > /run/count; [ -e /run/ask ] && { rm /run/ask; head -c 16 /dev/urandom | od -An -tx1 > /run/answer; }; sleep 0.1; done';
  await guest('web', `setsid nohup sh -c '${program}' >/dev/null 2>&1 &`);
  await guest('web', 'echo before > /root/f; echo before > /etc/f');

  await part('vm fork --count: names on stdout, running at once', async () => {
    const { stdout } = await home.ok(['vm', 'fork', 'web', '--name', 'try', '--count', '2']);
    assert.deepEqual(stdout.trim().split('\n').sort(), ['try-1', 'try-2']);
    assert.deepEqual((await shownVms(home)).map(({ name }) => name).sort(), [
      'try-1',
      'try-2',
      'web',
    ]);
    assert.equal((await showVm(home, 'try-1')).startedFrom?.kind, 'fork');
    assert.equal(await bootIdOf(home, 'try-1'), await bootIdOf(home, 'web'));
  });
  await part(
    'a process that was started before lives in all of them, and in the source',
    async () => {
      for (const vm of ['web', 'try-1', 'try-2']) await countsOn(home, vm);
    },
  );
  await part('an already running process gets random bytes of its own', async () => {
    const ask = 'touch /run/ask; while [ ! -s /run/answer ]; do sleep 0.05; done; cat /run/answer';
    const answers = await Promise.all(['web', 'try-1', 'try-2'].map((vm) => guest(vm, ask)));
    assert.equal(new Set(answers).size, 3, answers.join());
  });
  await part('they are somebody, each', async () => {
    const who =
      'hostname; cat /sys/class/net/eth0/address; ip -4 -o addr show dev eth0 2>/dev/null || cat /proc/net/fib_trie';
    const said = await Promise.all(['web', 'try-1', 'try-2'].map((vm) => guest(vm, who)));
    assert.equal(new Set(said).size, 3);
    assert.match(said[1] ?? '', /^try-1\n/);
    for (const vm of ['try-1', 'try-2']) assert.ok((await clockOffsetMs(home, vm)) < 100);
  });
  await part('what one writes no other sees', async () => {
    await guest('try-1', 'echo mine > /root/f; echo mine > /etc/f; sync');
    for (const vm of ['web', 'try-2'])
      assert.equal(await guest(vm, 'cat /root/f /etc/f'), 'before\nbefore');
    assert.equal(await guest('try-1', 'cat /root/f /etc/f'), 'mine\nmine');
  });
  await part('a command that runs in the source is not disturbed', async () => {
    const long = startBanger(home, [
      'exec',
      'web',
      '--',
      'sh',
      '-c',
      'echo begun; sleep 3; echo done',
    ]);
    await long.says(/begun/);
    await home.ok(['vm', 'fork', 'web', '--name', 'third']);
    const { status, stdout } = await long.ended;
    assert.deepEqual([status, stdout], [0, 'begun\ndone\n']);
  });
  await part('a fork of a fork is one too', async () => {
    await home.ok(['vm', 'fork', 'try-1', '--name', 'grandchild']);
    assert.equal(await guest('grandchild', 'hostname; cat /root/f'), 'grandchild\nmine');
  });
  await part('they outlive their source, stop and start', async () => {
    await home.ok(['vm', 'delete', 'web']);
    await home.ok(['vm', 'restart', 'try-2']);
    assert.equal(await guest('try-2', 'hostname; cat /root/f'), 'try-2\nbefore');
    assert.notEqual(await bootIdOf(home, 'try-2'), await bootIdOf(home, 'try-1'));
  });
  await part('their disks are clean', () =>
    stopAndCheck(home, ['try-1', 'try-2', 'third', 'grandchild']),
  );
});

sandboxTest('20 forks of a VM that writes all the time', { timeoutMs: 1_200_000 }, async (home) => {
  await home.ok(['vm', 'create', '--name', 'busy', ...SLIM]);
  const writer =
    'while :; do dd if=/dev/urandom of=/root/w.$((RANDOM%20)) bs=64k count=8 2>/dev/null; mkdir -p /srv/d/$$; cp /etc/passwd /srv/d/$$/f; rm -r /srv/d/$$; done';
  await guestSays(home, 'busy', [
    'bash',
    '-c',
    `setsid nohup bash -c '${writer}' >/dev/null 2>&1 &`,
  ]);

  const { stdout } = await home.ok(['vm', 'fork', 'busy', '--name', 'kid', '--count', '20']);

  const kids = stdout.trim().split('\n');
  assert.equal(kids.length, 20);
  assert.equal((await shownVms(home)).length, 21);
  await stopAndCheck(home, [...kids, 'busy']);
  await home.ok(['vm', 'delete', ...kids, 'busy']);
  await home.assertHostIsClean();
});

/** Stops VMs a few at a time, and lets e2fsck read both disks of each. */
async function stopAndCheck(home: SandboxHome, vms: readonly string[]): Promise<void> {
  for (let index = 0; index < vms.length; index += 4) {
    const some = vms.slice(index, index + 4);
    await home.ok(['vm', 'stop', ...some]);
    for (const vm of some) await fsck(home, vm);
  }
}

async function fsck(home: SandboxHome, vm: string): Promise<void> {
  const { disks } = await showVm(home, vm);
  for (const { role, path } of disks.filter(({ readOnly }) => !readOnly)) {
    const { status, stdout } = await runToEnd(['e2fsck', '-fn', path], {});
    assert.equal(status, 0, `${vm} ${role}: ${stdout}`);
  }
}
