import assert from 'node:assert/strict';

import { onTerminal } from '../support/terminal.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { bootIdOf, guestSays, shownVms, showVm, SLIM } from '../support/vms.ts';

/** The shapes of `banger run`. Each needs a VM of its own, as what happens to the VM is the point. */

sandboxTest('run --rm -- command: its output, its status, nothing else', {}, async (home) => {
  const run = await home.banger(['run', '--rm', '--name', 'once', ...SLIM, '--', 'uname', '-sn']);

  assert.equal(run.status, 0, run.stderr);
  assert.equal(run.stdout, 'Linux once\n');
  assert.match(
    run.stderr,
    /^spec: \d+ vCPU, 256M memory, 1G disk, image debian-bookworm-slim, qemu, (?:tcg|kvm)$/m,
  );
  assert.doesNotMatch(run.stderr, /\x1b|keeps running|error|warning/);
  assert.deepEqual(await shownVms(home, ['--all']), []);
  await home.assertHostIsClean();
});

sandboxTest('run -- command keeps the VM, and says how to come back', {}, async (home) => {
  const run = await home.banger(
    ['run', '--verbose', '--name', 'kept', ...SLIM, '--', 'sh', '-c', 'echo on > /root/f; exit 42'],
    {},
  );

  assert.equal(run.status, 42, run.stderr);
  assert.match(run.stderr, /^spec: \d+ vCPU \[host\], 256M memory \[flag\]/m);
  assert.match(run.stderr, /"banger vm exec -t kept -- sh -l" to come back/);
  assert.match(run.stderr, /"banger vm delete kept"/);
  const [vm] = await shownVms(home);
  assert.equal(vm?.name, 'kept');
  assert.equal(vm.state.name, 'running');
  assert.equal(await guestSays(home, 'kept', ['cat', '/root/f']), 'on');
  await home.ok(['vm', 'delete', 'kept']);
  await home.assertHostIsClean();
});

sandboxTest('run on a terminal: a login shell with the size of the terminal', {}, async (home) => {
  await using terminal = onTerminal(home, ['run', '--name', 'shell', ...SLIM]);

  await terminal.shows(/root@shell:~# /);
  terminal.type('tty; stty size; echo "$0 $TERM"\r');
  await terminal.shows(/\/dev\/pts\/\d+\n30 100\n\S*sh xterm\n/);
  terminal.type('sh -c "echo u\'\'p; exec sleep 100"\r'); // What is echoed is not what is printed.
  await terminal.shows(/[\r\n]up\n/);
  terminal.type('\x03');
  await terminal.shows(/# /);
  terminal.type('exit 7\r');

  assert.equal(await terminal.ended, 7);
  assert.match(terminal.screen(), /VM "shell" keeps running/);
  assert.equal((await showVm(home, 'shell')).state.name, 'running');

  await using again = onTerminal(home, ['exec', '-it', 'shell', '--', 'sh', '-l']);
  await again.shows(/# /);
  again.type('\x04');

  assert.equal(await again.ended, 0);
});

sandboxTest('run --rm on a terminal deletes the VM when the shell ends', {}, async (home) => {
  await using terminal = onTerminal(home, ['run', '--rm', ...SLIM]);

  await terminal.shows(/root@\S+:~# /);
  terminal.type('exit\r');

  assert.equal(await terminal.ended, 0);
  assert.doesNotMatch(terminal.screen(), /keeps running/);
  await home.assertHostIsClean();
});

sandboxTest(
  'run -d prints the name of a VM that is ready, and --tty is obeyed',
  {},
  async (home, _, part) => {
    const { stdout } = await home.ok(['run', '-d', ...SLIM]);
    const name = stdout.trim();

    await part('the name is the only output, and the VM answers', async () => {
      assert.match(stdout, /^[a-z0-9]+(?:-[a-z0-9]+)*\n$/);
      assert.match(await bootIdOf(home, name), /^[0-9a-f-]{36}$/);
      assert.equal(await guestSays(home, name, ['hostname']), name);
    });

    await part('-t makes a terminal though there is none here', async () => {
      const argv = ['sh', '-c', 'test -t 0 && test -t 1 && tty; stty size'];
      const run = await home.ok(['exec', '-t', name, '--', ...argv]);

      assert.match(run.stdout, /^\/dev\/pts\/\d+\r\n24 80\r\n$/);
    });

    await part('-T makes none though there is one here', async () => {
      await using terminal = onTerminal(home, ['run', '-T', '--rm', ...SLIM, '--', 'tty']);

      assert.equal(await terminal.ended, 1);
      assert.match(terminal.screen(), /not a tty/);
    });
  },
);

sandboxTest(
  'what cannot be is refused before anything is created',
  { images: 'empty' },
  async (home, _, part) => {
    const refused: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['run', '-d', '--rm'], 2, /Cannot use --detach with --rm/],
      [['run', '-d', '--', 'true'], 125, /Cannot use --detach with a command/],
      [['run', '-t', '-T', '--', 'true'], 125, /Cannot use --tty with --no-tty/],
      [['run', '--name', 'Not_A_Name', '--', 'true'], 125, /"Not_A_Name": a name is 1 to 63/],
      [['run', '--name', '', '--', 'true'], 125, /a name is 1 to 63/],
      [['run', '--memory', '0'], 2, /"0" is not a size/],
      [['vm', 'create', '--memory', '-512M'], 2, /"-512M"|--memory/],
      [['vm', 'create', '--vcpu', '0'], 2, /--vcpu/],
      [['vm', 'create', '--disk-size', '0G'], 2, /"0G" is not a size/],
      [
        ['vm', 'create', '--memory', '9000G'],
        1,
        /Cannot give VM "[^"]+" 9000G of memory: the host has/,
      ],
      [['vm', 'create', '--vcpu', '5000'], 1, /Cannot give VM "[^"]+" 5000 vCPU/],
      [
        ['run', '--image', 'No-Such-Image', '--', 'true'],
        125,
        /"No-Such-Image": the name .* is lowercase/,
      ],
      [
        ['run', '--kernel', 'no-such-kernel', '--', 'true'],
        125,
        /Cannot find kernel "no-such-kernel"/,
      ],
      [['run', '--env', '=x', '--', 'true'], 125, /"=x" has no name/],
      [['run', '--no-such-flag'], 2, /has no flag "--no-such-flag"/],
      [
        ['run', 'no-such-directory'],
        1,
        /Cannot ship "no-such-directory": there is no such directory/,
      ],
      [['exec', 'nobody', '--', 'true'], 125, /Cannot find VM "nobody"/],
    ];
    for (const [args, status, message] of refused) {
      await part(args.join(' '), async () => {
        const run = await home.banger(args);

        assert.equal(run.status, status, run.stderr);
        assert.equal(run.stdout, '');
        assert.match(run.stderr, message);
        assert.match(run.stderr, /^error: .*\nhint: .+\n$/m);
        assert.deepEqual(await shownVms(home, ['--all']), []);
      });
    }
  },
);
