import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';

import { createCli, until } from './fixtures.ts';
import { main } from './main.ts';

suite('vm ports', () => {
  test('lists what listens in every running VM', async () => {
    await using cli = await createCli();
    await cli.run('vm create --name web');
    await cli.run('vm create --name idle --no-start');

    const { status, stdout } = await cli.run('vm ports');

    assert.equal(status, 0);
    const [header, ...rows] = stdout.trimEnd().split('\n');
    assert.match(header ?? '', /^VM +PROTO +PORT +PROCESS +ENDPOINT$/);
    assert.match(rows[0] ?? '', /^web +tcp +8080 +node +http:\/\/web\.vm:8080$/);
    assert.match(
      rows[1] ?? '',
      /^web +tcp +80 +nginx +- \(Cannot listen on 127\.77\.0\.1:80: .*\)$/,
    );
    assert.match(rows[2] ?? '', /^web +udp +53 +dnsmasq +-$/);
    assert.equal(rows.length, 3);
  });

  test('lists those that are named, and says which it could not', async () => {
    await using cli = await createCli();
    await cli.run('vm create --name web');

    const { status, stdout, stderr } = await cli.run('vm ports web nope --json');

    assert.equal(status, 1);
    assert.equal((JSON.parse(stdout) as unknown[]).length, 3);
    assert.match(stderr, /^error: Cannot find VM "nope": there is none /m);
  });
});

suite('--publish', () => {
  test('takes ports, with and without address and port of the host', async () => {
    await using cli = await createCli();

    await cli.run('vm create --name web --publish 80 --publish 3000:80 --publish [::1]:3001:443');

    assert.deepEqual(cli.daemon.vms.find('web').spec.publish, [
      { address: '127.0.0.1', hostPort: 80, guestPort: 80 },
      { address: '127.0.0.1', hostPort: 3000, guestPort: 80 },
      { address: '::1', hostPort: 3001, guestPort: 443 },
    ]);
  });

  for (const wrong of ['', 'http', '0:80', '80:0', '80:', '70000', '1:2:3:4', 'localhost:80:80']) {
    test(`refuses "${wrong}"`, async () => {
      await using cli = await createCli();

      const { status, stderr } = await cli.run(`vm create --publish=${wrong}`);

      assert.equal(status, 2);
      assert.match(stderr, /is no pair of ports/);
    });
  }
});

suite('vm forward', () => {
  test('says where it listens, and ends well when it is interrupted', async () => {
    await using cli = await createCli();
    await cli.run('vm create --name web');

    const world = cli.world();
    const running = main(['vm', 'forward', 'web', '0:7', '0:13'], world);
    await until(() => world.stdout.text.includes('web:13'));
    const [, port] = /^127\.0\.0\.1:(\d+) → web:7$/m.exec(world.stdout.text) ?? [];
    const socket = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true });
    socket.end('hello');
    const said = await text(socket);
    world.interrupt('SIGINT');

    assert.equal(said, 'hello');
    assert.equal(await running, 0);
  });

  test('wants ports, and a VM that runs', async () => {
    await using cli = await createCli();
    await cli.run('vm create --name idle --no-start');

    const none = await cli.run('vm forward idle');
    const wrong = await cli.run('vm forward idle x');
    const idle = await cli.run('vm forward idle 80');

    assert.deepEqual([none.status, wrong.status, idle.status], [2, 2, 1]);
    assert.match(idle.stderr, /^error: Cannot forward ports of VM "idle": it is created$/m);
  });
});
