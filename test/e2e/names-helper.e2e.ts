import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import type { HelperSettings } from '../../packages/banger/src/helper/helper-settings.ts';
import { until } from '../support/faults.ts';
import { makeUser, type OrdinaryUser } from '../support/ordinary-user.ts';
import { repositoryRoot } from '../support/repository.ts';
import { startResolvedHost, type ResolvedHost } from '../support/resolved-host.ts';

/** Only root may make namespaces and users. */
const isRoot = process.geteuid?.() === 0;
/** Of the name that a daemon asks for to see whether it is asked (docs: `network/dns/zone.ts`) */
const PROBE = ['_banger.vm', '127.77.0.0'] as const;

test(
  "names of an ordinary user's VMs through systemd-resolved and the helper",
  { skip: !isRoot, timeout: 300_000 },
  async (t) => {
    await using user = await makeUser();
    await using host = await startResolvedHost();
    const daemon = (args: readonly string[], env: readonly string[] = []) =>
      asUser(host, user, [...env, user.program, ...args]);
    const isNamed = async () => (await addressOf(host, PROBE[0])) === PROBE[1];
    await t.test('without the helper nothing is routed, and doctor has the recipe', async () => {
      await ok(daemon(['daemon', 'start']));
      const { stdout } = await daemon(['doctor']);
      await ok(daemon(['daemon', 'stop']));

      assert.match(stdout, /^WARN +dns routing +systemd-resolved does not ask/m);
      assert.ok(!(await links(host)).includes('banger0'));
    });

    await installHelper(host, user);
    await t.test('with it they are found as long as the daemon runs', async () => {
      await ok(daemon(['daemon', 'start']));
      await until('the name is found', isNamed);
      const { stdout } = await host.run(['resolvectl', 'query', PROBE[0]]);
      const doctor = await daemon(['doctor']);

      assert.ok(stdout.startsWith(`${PROBE[0]}: ${PROBE[1]}`), stdout);
      assert.match(doctor.stdout, /^PASS +dns routing /m);
    });

    for (const [what, command] of [
      ['the link', 'ip link delete banger0'],
      ['what was told to systemd-resolved', 'resolvectl revert banger0'],
      [
        'the helper and the link',
        'kill $(sed -n s/^pid.//p /run/helper.log | tail -1); ip link delete banger0',
      ],
    ] as const) {
      await t.test(`${what} comes back when somebody takes it away`, async () => {
        await host.run(['sh', '-c', command]);
        assert.equal(await isNamed(), false);

        await until('the name is found again', isNamed);
      });
    }

    await t.test(
      'a host that wants signatures and TLS of others finds them all the same',
      async () => {
        const set =
          'printf "[Resolve]\\nDNSSEC=yes\\nDNSOverTLS=yes\\n" >>/etc/systemd/resolved.conf';
        await ok(host.run(['sh', '-c', `${set}; kill "$(cat /run/resolved.pid)"`]));

        await until('the name is found', isNamed);
      },
    );

    await t.test(
      'nothing is left by daemon stop, nor of a killed daemon by one without names',
      async () => {
        await ok(daemon(['daemon', 'stop']));
        const afterStop = await links(host);
        await ok(daemon(['daemon', 'start']));
        await until('the name is found', isNamed);
        await ok(host.run(['sh', '-c', `pkill -KILL -u ${user.name}`]));
        const afterKill = await links(host);
        await ok(daemon(['daemon', 'start'], ['BANGER_DNS_LISTEN=off']));
        const afterStart = await links(host);
        await ok(daemon(['daemon', 'stop']));

        assert.ok(!afterStop.includes('banger0'));
        assert.ok(afterKill.includes('banger0'));
        assert.ok(!afterStart.includes('banger0'));
      },
    );
  },
);

/** As `system install` and systemd do it. Ends with the host. */
async function installHelper(
  host: ResolvedHost,
  { name, uid, gid, stateDir }: OrdinaryUser,
): Promise<void> {
  const settings: HelperSettings = {
    owner: { name, uid, gid, stateDir },
    bridge: { name: 'br-banger', address: '172.16.0.1', subnet: '172.16.0.0/24' },
    jail: { jailer: 'jailer', firecracker: 'firecracker' },
  };
  const accept = join(repositoryRoot, 'test/support/programs/accept-helper.ts');
  const program = join(repositoryRoot, 'dist/banger-helper.js');
  const socket = '/run/banger/helper.sock';
  const script = [
    'umask 022; mkdir -p /etc/banger; cat >/etc/banger/system.json',
    `'${process.execPath}' '${accept}' ${socket} ${String(uid)} '${program}' >/run/helper.log 2>&1 </dev/null &`,
    'until grep -q ready /run/helper.log; do sleep 0.1; done',
  ];
  await ok(host.run(['sh', '-c', script.join('\n')], { stdin: JSON.stringify(settings) }));
}

function asUser(host: ResolvedHost, { name, env }: OrdinaryUser, command: readonly string[]) {
  const given = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  return host.run(['runuser', '-u', name, '--', 'env', '-i', ...given, ...command]);
}

async function addressOf(host: ResolvedHost, name: string): Promise<string> {
  const { stdout } = await host.run(['getent', 'ahostsv4', name]);
  return stdout.split(' ')[0] ?? '';
}

async function links(host: ResolvedHost): Promise<readonly string[]> {
  const { stdout } = await host.run(['ip', '-json', 'link']);
  const found = JSON.parse(stdout) as readonly { readonly ifname: string }[];
  return found.map(({ ifname }) => ifname);
}

async function ok(finished: ReturnType<ResolvedHost['run']>) {
  const { status, stdout, stderr } = await finished;
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  return stdout;
}
