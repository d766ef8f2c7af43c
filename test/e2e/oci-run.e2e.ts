import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

import { assertFails, until } from '../support/faults.ts';
import { page } from '../support/guest-server.ts';
import { busyboxLayer, debianLayer, pullMade, scratchLayer } from '../support/run-images.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { guestSays, showVm } from '../support/vms.ts';

const SIZE = ['--memory', '256M', '--disk-size', '1G'];

sandboxTest(
  'images without an init of their own',
  { timeoutMs: 900_000 },
  async (home, _t, part) => {
    const run = async (args: readonly string[], input = '') =>
      (await home.ok(['run', '--rm', ...SIZE, ...args], { stdin: input })).stdout;

    await part(
      'a single static program has the command, environment, user and directory of its image',
      async () => {
        await pullMade(home, {
          name: 'scratch',
          layers: [await scratchLayer()],
          config: {
            ...{ Entrypoint: ['/app', '-x'], Cmd: ['hello'], User: '1234:5678' },
            ...{ Env: ['A=1', 'B=b=2'], WorkingDir: '/made/for it' },
          },
        });

        const own = await run(['--image', 'scratch', '--env', 'B=mine', '--entrypoint']);
        const given = await run(['--image', 'scratch', '--user', '0', '--', 'one', 'two words']);
        const other = await run([
          '--image',
          'scratch',
          '--entrypoint',
          '/app',
          '--cwd',
          '/',
          '--',
          'z',
        ]);
        const cleared = await run(['--image', 'scratch', '--entrypoint=', '--', '/app']);

        assert.match(own, /^args: -x hello\nuser: 1234:5678\ndirectory: \/made\/for it\n/);
        for (const line of ['A=1', 'B=mine', 'HOME=/'])
          assert.ok(own.includes(`env: ${line}\n`), own);
        assert.match(given, /^args: -x one two words\nuser: 0:0\n/);
        assert.match(other, /^args: z\nuser: .*\ndirectory: \/\n/);
        assert.match(cleared, /^args: \nuser: 1234:5678\n/);
      },
    );

    await part(
      'an image without a shell says so, and what does not start leaves no VM',
      async () => {
        const bare = ['run', ...SIZE, '--image', 'scratch'];
        const { stderr } = await assertFails(
          home,
          bare,
          /^error: Cannot start a shell in VM ".*": image "scratch\S*" has no \/bin\/sh/m,
          { stdin: '' },
        );
        await assertFails(
          home,
          [...bare, '--rm', '--entrypoint', '/sh'],
          /^error: Cannot run "\/sh"/m,
          {
            status: 127,
          },
        );

        assert.match(stderr, /^hint: banger vm run --image scratch\S* --entrypoint$/m);
        assert.equal((await home.ok(['ps', '-a', '-q'])).stdout, '');
      },
    );

    await part('an image that says nothing is asked for a command', async () => {
      const asked = ['run', ...SIZE, '--image', 'debian-bookworm-slim', '--entrypoint'];
      const { stderr } = await assertFails(home, asked, /has neither an ENTRYPOINT nor a CMD/, {
        status: 125,
      });

      assert.match(stderr, /^hint: banger vm run --image debian-bookworm-slim -- COMMAND$/m);
      assert.equal((await home.ok(['ps', '-a', '-q'])).stdout, '');
    });

    await part(
      'a root of busybox in odd shape works, and its main process ends by its stop signal',
      async () => {
        const main =
          'trap "echo asked >/root/asked; exit 3" QUIT; trap "" TERM HUP; while :; do sleep 1; done';
        await pullMade(home, {
          name: 'busybox',
          layers: [await busyboxLayer(['sh', 'cat', 'sleep', 'id', 'ls'])],
          config: {
            ...{ Entrypoint: ['sh', '-c', main], StopSignal: 'SIGQUIT' },
            Env: ['PATH=/opt/x:/bin'],
          },
        });
        await home.ok(['vm', 'create', '--name', 'bb', ...SIZE, '--image', 'busybox']);

        assert.equal(
          await guestSays(home, 'bb', ['sh', '-c', 'pwd; echo $PATH']),
          '/\n/opt/x:/bin',
        );
        assert.match(
          await guestSays(home, 'bb', ['cat', '/etc/hosts', '/nowhere/etc/resolv.conf']),
          /bb\n[^]*nameserver/,
        );
        const { stdout } = await home.ok(['vm', 'ssh', 'bb', '--', 'sh', '-c', 'echo $PATH'], {
          stdin: '',
        });
        assert.equal(stdout, '/opt/x:/bin\n');
        await home.ok(['vm', 'session', 'start', 'bb', '--name', 'main', '--entrypoint']);
        const stopped = await home.ok(['vm', 'session', 'stop', 'bb', 'main', '--json']);
        assert.match(stopped.stdout, /"kind": *"exited",\s*"code": *3/);
        assert.equal(await guestSays(home, 'bb', ['cat', '/root/asked']), 'asked');

        await guestSays(home, 'bb', ['sh', '-c', 'echo >/root/asked']);
        await home.ok(['vm', 'session', 'start', 'bb', '--name', 'main', '--entrypoint']);
        await home.ok(['vm', 'stop', 'bb']);
        await home.ok(['vm', 'start', 'bb']);
        assert.equal(await guestSays(home, 'bb', ['cat', '/root/asked']), 'asked');
        await home.ok(['vm', 'delete', 'bb']);
      },
    );

    await part(
      'nginx on Debian is served on its address and a published port, and its users have names',
      async () => {
        await pullMade(home, {
          name: 'nginx',
          layers: [await debianLayer(['nginx-light'])],
          config: {
            ...{ Cmd: ['nginx', '-g', 'daemon off;'], StopSignal: 'SIGQUIT', User: 'root:adm' },
            ...{ ExposedPorts: { '80/tcp': {} }, Volumes: { '/var/log/nginx': {} } },
          },
        });
        const port = String(await freePort());
        await home.ok([
          ...[
            'vm',
            'create',
            '--name',
            'ng',
            ...SIZE,
            '--image',
            'nginx',
            '--publish',
            `${port}:80`,
          ],
        ]);
        await home.ok(['vm', 'session', 'start', 'ng', '--name', 'web', '--entrypoint']);
        const { network } = await showVm(home, 'ng');

        for (const url of [`http://${network?.hostAddress ?? ''}/`, `http://127.0.0.1:${port}/`]) {
          await until(`${url} is served`, async () =>
            (await page(url).catch(() => '')).includes('Welcome to nginx'),
          );
        }
        assert.equal(await guestSays(home, 'ng', ['id', '-gn']), 'adm');
        const named = ['exec', '--user', 'www-data:mail', 'ng', '--', 'sh', '-c', 'id -un; id -gn'];
        assert.equal((await home.ok(named, { stdin: '' })).stdout, 'www-data\nmail\n');
        const stopped = await home.ok(['vm', 'session', 'stop', 'ng', 'web', '--json']);
        assert.match(stopped.stdout, /"kind": *"exited",\s*"code": *0/);
        const shown = (await home.ok(['image', 'show', 'nginx'])).stdout;
        assert.match(shown, /^command: +nginx -g 'daemon off;'$/m);
        assert.match(shown, /^ports: +80\/tcp$/m);
        await home.ok(['vm', 'delete', 'ng']);
      },
    );
  },
);

async function freePort(): Promise<number> {
  await using server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
