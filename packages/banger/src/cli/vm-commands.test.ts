import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createCli, until } from './fixtures.ts';
import { main } from './main.ts';

suite('vm create', () => {
  test('prints the name alone, and everything else on stderr', async () => {
    await using cli = await createCli();

    const { status, stdout, stderr } = await cli.run('vm create --vcpu 3 --memory 4G');

    assert.deepEqual([status, stdout], [0, 'calm-otter-1\n']);
    assert.match(stderr, /^spec: 3 vCPU, 4G memory, 8G disk, image debian-bookworm, fake, tcg$/m);
    assert.match(stderr, /^Working 1\.2 s$/m);
    assert.equal(cli.daemon.vms.find('calm-otter-1').ephemeral, false);
  });

  test('says where values came from with --verbose', async () => {
    await using cli = await createCli();

    const { stderr } = await cli.run('vm create --vcpu 3 --verbose');

    assert.match(
      stderr,
      /^spec: 3 vCPU \[flag\], 2G memory, .* image debian-bookworm \[built-in\]/m,
    );
  });

  test('can leave it unstarted', async () => {
    await using cli = await createCli();

    await cli.run('vm create --name web --no-start --no-nat');

    const { state, spec } = cli.daemon.vms.find('web');
    assert.deepEqual([state.name, spec.nat], ['created', false]);
  });
});

suite('vm list', () => {
  test('has columns, ids alone with -q, and the records with --json', async () => {
    await using cli = await createCli();
    await cli.run('vm create --name web');
    await cli.run('vm create --name idle --no-start');
    const { id } = cli.daemon.vms.find('web');

    const table = await cli.run('ps');
    const all = await cli.run('vm list -a -q');
    const json = await cli.run('vm list --json');

    const [header = '', row = ''] = table.stdout.split('\n');
    assert.match(header, /^NAME +ID +STATE +IMAGE +ADDRESS +VCPU +MEM +DISK +WORKSPACE +UPTIME$/);
    assert.match(
      row,
      new RegExp(`^web +${id} +running +debian-bookworm +127.77.0.1 +2 +2G +8G +- +1m01s$`),
    );
    assert.equal(all.stdout.split('\n').length, 3);
    assert.equal((JSON.parse(json.stdout) as { id: string }[])[0]?.id, id);
  });
});

suite('a verb with several references', () => {
  test('finds all first, takes one once, goes on after a failure, and ends with 1', async () => {
    await using cli = await createCli();
    await cli.run('vm create --name a');
    await cli.run('vm create --name b');
    const { id } = cli.daemon.vms.find('a');
    cli.daemon.requests.length = 0;

    const { status, stdout, stderr } = await cli.run(`vm stop a ${id} nobody b`);

    assert.deepEqual([status, stdout], [1, 'a\nb\n']);
    assert.match(stderr, /^error: Cannot find VM "nobody"/m);
    const posts = cli.daemon.requests.filter((request) => request.startsWith('POST'));
    assert.equal(posts.length, 2);
    assert.deepEqual(cli.daemon.vms.list(false), []);
  });

  test('works for start, restart, kill, delete', async () => {
    await using cli = await createCli();
    await cli.run('vm create --name a');
    await cli.run('vm create --name b');

    for (const verb of ['kill --signal SIGTERM', 'start', 'restart', 'delete']) {
      const { status, stdout, stderr } = await cli.run(`vm ${verb} a b`);
      assert.deepEqual([status, stdout], [0, 'a\nb\n'], stderr);
    }
    assert.deepEqual(cli.daemon.vms.list(true), []);
  });
});

suite('vm prune', () => {
  test('asks on a terminal, and only yes is yes', async () => {
    await using cli = await createCli();
    await cli.run('vm create --name idle --no-start');
    const answer = async (text: string) => {
      const world = cli.world({ isTerminal: true });
      const pruning = main(['vm', 'prune'], world);
      await until(() => world.stderr.text.includes('[y/N]'));
      assert.match(world.stderr.text, /Delete VM idle\?/);
      world.stdin.end(text);
      return pruning;
    };

    assert.equal(await answer('\n'), 1);
    assert.equal(await answer(''), 1);
    assert.equal(cli.daemon.vms.list(true).length, 1);
    assert.equal(await answer('y\n'), 0);
    assert.equal(cli.daemon.vms.list(true).length, 0);
  });

  test('does not ask with -f', async () => {
    await using cli = await createCli();
    await cli.run('vm create --name idle --no-start');
    await cli.run('vm create --name busy');

    const { status, stdout } = await cli.run('vm prune -f');

    assert.deepEqual([status, stdout], [0, 'idle\n']);
  });
});

test('vm show, set, stats and logs print what the daemon says', async () => {
  await using cli = await createCli();
  await cli.run('vm create --name web');

  assert.match((await cli.run('vm show web')).stdout, /^vCPU: +2 \[host\]$/m);
  assert.match((await cli.run('vm stats web')).stdout, /^web +25\.0% +1\.0 GiB of 2\.0 GiB/m);
  assert.equal((await cli.run('vm logs --tail 2 web')).stdout, 'one\ntwo\n');
  const refused = await cli.run('vm set web --memory 1G');
  assert.match(refused.stderr, /Cannot change VM "web": it runs/);
  await cli.run('vm stop web');
  assert.equal((await cli.run('vm set web --memory 1G')).stdout, 'web\n');
  assert.equal(cli.daemon.vms.find('web').spec.memoryMib, 1024);
});

test('images, kernels, configuration and doctor', async () => {
  await using cli = await createCli();

  assert.match(
    (await cli.run('image list')).stdout,
    /^debian-bookworm +img_\w+ +debian +1\.0 GiB +web$/m,
  );
  assert.equal((await cli.run('image list -q')).stdout, 'img_0123456789abcdef\n');
  assert.match((await cli.run('image list --available')).stdout, /debian-bookworm \(default\)/);
  assert.equal((await cli.run('image pull debian-bookworm')).stdout, 'debian-bookworm\n');
  assert.match((await cli.run('image show debian-bookworm')).stdout, /^init: +the image's own$/m);
  assert.match((await cli.run('image delete debian-bookworm')).stderr, /VM "web" uses it/);
  assert.match((await cli.run('kernel list')).stdout, /6\.1\.0-40-amd64/);
  assert.equal((await cli.run('kernel pull --force debian-6.1')).stdout, 'debian-6.1\n');
  assert.equal((await cli.run('kernel rm debian-6.1')).status, 0);
  assert.match(
    (await cli.run('config show')).stdout,
    /^default_image +alpine +file \(config.toml:3\)$/m,
  );

  cli.daemon.settings.doctorRows = [
    { name: 'kvm', status: 'FAIL', detail: '/dev/kvm is missing', fix: 'modprobe kvm' },
  ];
  const doctor = await cli.run('doctor');
  assert.equal(doctor.status, 1);
  assert.match(doctor.stdout, /^FAIL +kvm +\/dev\/kvm is missing$/m);
  assert.match(doctor.stdout, /^kvm: modprobe kvm$/m);
});
