import assert from 'node:assert/strict';

import { makeCheckout } from '../support/checkouts.ts';
import { until } from '../support/faults.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { guestSays, shownVms, showVm } from '../support/vms.ts';

/** The default image, with defaults: systemd, Docker and the tools that it promises. */
sandboxTest('debian-bookworm', { images: 'full', timeoutMs: 900_000 }, async (home, _, part) => {
  const guest = (script: string) => guestSays(home, 'full', ['sh', '-c', script]);

  await part('run without --image boots it, with what the host can spare', async () => {
    const { stdout, stderr } = await home.ok(['run', '-d', '--name', 'full']);

    assert.equal(stdout, 'full\n');
    assert.match(stderr, /^spec: .* image debian-bookworm, /m);
    const { memoryTotalBytes, memoryAvailableBytes } = await statsOf();
    assert.ok(memoryAvailableBytes > memoryTotalBytes / 2);
  });

  await part('systemd is process 1, everything it wants runs', async () => {
    assert.equal(await guest('cat /proc/1/comm'), 'systemd');
    assert.equal(await guest('systemctl is-system-running'), 'running');
    assert.equal(
      await guest('systemctl is-active docker ssh.socket dbus'),
      'active\nactive\nactive',
    );
    assert.equal(await guest('systemctl --failed --no-legend'), '');
  });

  await part('an OpenSSH server answers, with a host key of its own', async () => {
    const script = 'exec 3<>/dev/tcp/127.0.0.1/22; read -r line <&3; echo "$line"';

    assert.match(await guestSays(home, 'full', ['bash', '-c', script]), /^SSH-2\.0-OpenSSH/);
    assert.match(await guest('ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null'), /ssh-ed25519 AAAA/);
  });

  await part('the journal works, and hostname and machine-id are its own', async () => {
    await guest('logger -t e2e "a line of the test"');

    assert.match(
      await guest('journalctl --sync; journalctl -t e2e -o cat'),
      /^a line of the test$/,
    );
    assert.equal(await guest('hostname; hostnamectl hostname'), 'full\nfull');
    assert.match(await guest('cat /etc/machine-id'), /^[0-9a-f]{32}$/);
  });

  await part('a checkout that asks for tools is set up by the image’s own mise', async () => {
    await using checkout = await makeCheckout();
    await checkout.write('mise.toml', '[env]\nGREETING = "hello from mise"\n');
    await checkout.commitAll('tools');

    const greet = ['--', 'sh', '-c', 'echo $GREETING; pwd'];
    const { stdout, stderr } = await home.ok(['run', '--rm', checkout.path, ...greet]);

    assert.equal(stdout, 'hello from mise\n/root/repo\n');
    assert.match(stderr, /mise all tools are installed/);
  });

  await part('git, jq, curl, Python and a compiler do their work', async () => {
    const program = '#include <stdio.h>\nint main(void){puts("compiled");}';
    assert.equal(await guest(`printf '${program}' >t.c && gcc t.c -o t && ./t`), 'compiled');
    assert.equal(await guest(`echo '{"a":[1,2]}' | jq -c .a`), '[1,2]');
    assert.equal(await guest('python3 -c "print(6*7)"'), '42');
    assert.match(await guest('curl --version'), /^curl \d/);
    const commit = 'git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first';
    assert.equal(await guest(`git init -q r && cd r && ${commit} && git log --format=%s`), 'first');
    assert.match(await guest('ssh -V 2>&1; make --version | head -1'), /OpenSSH.*\nGNU Make/);
  });

  await part('mise runs, where the image has it', async () => {
    assert.match(await guest('! command -v mise || mise --version'), /^$|\d+\.\d+/);
  });

  await part('docker import of a tar made in the guest, and docker run of that', async () => {
    const script = [
      'mkdir -p tree/bin && cd tree',
      'for f in /bin/sh /bin/cat $(ldd /bin/sh /bin/cat | grep -o "/lib[^ ]*" | sort -u)',
      'do mkdir -p .$(dirname $f) && cp -L $f .$f',
      'done',
      'tar c . | docker import - tiny >/dev/null',
      'echo from outside | docker run --rm -i tiny /bin/sh -c "echo in the container; cat"',
    ].join('\n');

    assert.equal(await guest(script), 'in the container\nfrom outside');
    assert.equal(await guest('docker info --format "{{.Driver}}"'), 'overlay2');
  });

  await part('a login shell of another user, and sudo', async () => {
    await guest(
      'useradd -m -s /bin/bash ana && echo "ana ALL=(ALL) NOPASSWD:ALL" >/etc/sudoers.d/ana',
    );
    const args = ['exec', '--user', 'ana', 'full', '--', 'bash', '-lc', 'id -un; pwd; sudo id -un'];

    assert.equal((await home.ok(args, { stdin: '' })).stdout, 'ana\n/home/ana\nroot\n');
  });

  await part('stop powers it off in order, and Docker has kept its images', async () => {
    await home.ok(['vm', 'stop', 'full']);
    const [vm] = await shownVms(home, ['-a']);
    assert.deepEqual(vm?.warnings, []);
    assert.equal(vm.state.name, 'stopped');
    await home.ok(['vm', 'start', 'full']);

    assert.match(await guest('journalctl -b -1 -o cat'), /Reached target .*poweroff|Power.*[Oo]ff/);
    assert.equal(await guest('docker images --format "{{.Repository}}"'), 'tiny');
  });

  await part('systemctl poweroff in the guest ends it', async () => {
    await home.banger(['exec', 'full', '--', 'systemctl', 'poweroff']);
    await until(
      'it is stopped',
      async () => (await showVm(home, 'full')).state.name === 'stopped',
      60_000,
    );

    await home.ok(['vm', 'delete', 'full']);
    await home.assertHostIsClean();
  });

  async function statsOf() {
    const [stats] = JSON.parse(
      (await home.ok(['vm', 'stats', 'full', '--json'])).stdout,
    ) as readonly {
      readonly memoryTotalBytes: number;
      readonly memoryAvailableBytes: number;
    }[];
    assert.ok(stats);
    return stats;
  }
});
