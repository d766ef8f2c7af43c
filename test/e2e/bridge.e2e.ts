import assert from 'node:assert/strict';

import { networkState } from '../support/bridge-scene.ts';
import { killDaemon, until, untilHolds } from '../support/faults.ts';
import { putServer, serve } from '../support/guest-server.ts';
import { mayMakeNamespaces, type NetworkNamespace } from '../support/network-namespace.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { BEYOND, serveBeyond } from '../support/server-beyond.ts';
import { sshUser } from '../support/ssh.ts';
import { guestSays, showVm, SLIM } from '../support/vms.ts';

const BRIDGE = [...SLIM, '--network', 'bridge'];
const OPEN = ['--no-isolate'];
const options = {
  ownNetwork: true,
  skip: !mayMakeNamespaces,
  env: { BANGER_TAP_POOL_SIZE: '2' },
} as const;

/** The daemon, its VMs and all that it makes of the network are in a namespace of the test's. */
sandboxTest('VMs on the bridge', options, async (home, _, part) => {
  const { network: space } = home;
  assert.ok(space);
  await using beyond = await serveBeyond(space);
  const before = await networkState(space.ok);

  await home.ok(['vm', 'create', '--name', 'a', ...BRIDGE, '--nat', '--no-isolate']);
  await home.ok(['vm', 'create', '--name', 'b', ...BRIDGE, '--no-isolate']);
  await home.ok(['vm', 'create', '--name', 'c', ...BRIDGE]);
  const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => addressOf(home, name)));
  assert.ok(a && b && c);
  for (const vm of ['b', 'c']) {
    await putServer(home, vm);
    await serve(home, vm, ['http:0.0.0.0:80']);
  }

  await part('the host reaches each at an address of its own', async () => {
    assert.match(a, /^172\.16\.0\.\d+$/);
    assert.equal(new Set([a, b, c]).size, 3);
    assert.equal(await reaches(space, b), true);
    assert.equal(await reaches(space, c), true);
  });

  await part('each reaches another only where both are open', async () => {
    await assertReaches(home, 'a', b);
    await assertBarred(home, 'a', c);
    await assertBarred(home, 'c', b);
  });

  await part('one with NAT reaches what is beyond the bridge, the others do not', async () => {
    await assertReaches(home, 'a', BEYOND);
    await assertBarred(home, 'b', BEYOND);
  });

  await part('NAT changes while a VM runs', async () => {
    await home.ok(['vm', 'set', 'b', '--nat']);
    await assertReaches(home, 'b', BEYOND);
    await home.ok(['vm', 'set', 'b', '--no-nat']);
    await assertBarred(home, 'b', BEYOND);
    assert.equal((await showVm(home, 'b')).network?.nat, false);
  });

  await part('its name leads to it, for dig and for ssh', async () => {
    const { stdout } = await home.ok(['daemon', 'status', '--json']);
    const { dns } = JSON.parse(stdout) as { readonly dns: { readonly listen: string } };
    const [host = '', port = ''] = dns.listen.split(':');
    assert.equal((await space.ok(`dig +short @${host} -p ${port} b.vm`)).trim(), b);

    await home.ok(['ssh-config', '--install']);
    assert.equal(await sshUser(home).ok('ssh', ['b.vm', 'hostname']), 'b\n');
  });

  await part('what it serves is listed where it answers', async () => {
    const { stdout } = await home.ok(['vm', 'ports', 'b', '--json']);
    const ports = JSON.parse(stdout) as readonly { port: number; host: readonly string[] }[];
    assert.deepEqual(ports.find(({ port }) => port === 80)?.host, [`${b}:80`]);
  });

  await part('rules that are flushed and a bridge that is deleted come back', async () => {
    const rules = await rulesOf(space);
    await space.ok('nft flush ruleset');
    await until('the rules are back', async () => (await rulesOf(space)) === rules);
    await assertReaches(home, 'a', BEYOND);
    await space.ok('ip link delete br-banger');
    await until('the bridge is back', () => reaches(space, b));
    await assertReaches(home, 'a', BEYOND);
    await assertBarred(home, 'c', b);
  });

  await part(
    'it goes on where it was suspended, and a fork has an address of its own',
    async () => {
      await home.ok(['vm', 'suspend', 'c']);
      assert.equal(await reaches(space, c), false);
      await home.ok(['vm', 'start', 'c']);
      assert.equal(await reaches(space, c), true);
      await home.ok(['vm', 'fork', 'c', '--name', 'd']);
      const d = await addressOf(home, 'd');
      assert.notEqual(d, c);
      assert.equal(await reaches(space, d), true);
      await assertBarred(home, 'c', d);
      await home.ok(['vm', 'delete', 'd']);
    },
  );

  await part('its address is the same after a restart', async () => {
    await home.ok(['vm', 'restart', 'a']);
    assert.equal(await addressOf(home, 'a'), a);
    await assertReaches(home, 'a', BEYOND);
  });

  await part(
    'a daemon that was killed leaves nothing that the next one does not delete',
    async () => {
      await killDaemon(home);
      assert.equal(await reaches(space, b), true);
      await home.ok(['vm', 'delete', 'a', 'b', 'c']);
      await untilHolds(async () => {
        await space.ok('ip neigh flush dev uplink0'); // It knows the server beyond.
        assert.equal(await networkState(space.ok), before);
      });
      await home.assertHostIsClean();
    },
  );

  await beyond[Symbol.asyncDispose]();
});

const ROUNDS = 50;

sandboxTest('VMs that come to the bridge and go leave nothing on it', options, async (home) => {
  const { network: space } = home;
  assert.ok(space);
  const before = await networkState(space.ok);
  for (let round = 0; round < ROUNDS; round += 1) {
    const flags = [round % 2 === 0 ? '--nat' : '--no-nat', ...(round % 3 === 0 ? OPEN : [])];
    await home.ok(['vm', 'run', '--rm', ...BRIDGE, ...flags, '--', 'true']);
  }
  // The taps that wait for the next VMs go after the last VM, the bridge and the rules after them.
  await untilHolds(async () => assert.equal(await networkState(space.ok), before));
  await home.assertHostIsClean();
});

async function rulesOf(space: NetworkNamespace): Promise<string> {
  const rules = await space.ok('nft list ruleset');
  return rules
    .split(/[\n,]/)
    .map((line) => line.trim())
    .sort()
    .join('\n');
}

async function addressOf(home: SandboxHome, vm: string): Promise<string> {
  return (await showVm(home, vm)).address ?? '';
}

async function reaches(space: NetworkNamespace, address: string): Promise<boolean> {
  const { exitCode } = await space.run(`curl -sS --max-time 10 http://${address}/`);
  return exitCode === 0;
}

async function assertReaches(home: SandboxHome, vm: string, address: string): Promise<void> {
  assert.equal(await guestGets(home, vm, { address, seconds: 30 }), true);
}

async function assertBarred(home: SandboxHome, vm: string, address: string): Promise<void> {
  // Nothing answers, also not that it will not.
  assert.equal(await guestGets(home, vm, { address, seconds: 3 }), false);
}

async function guestGets(
  home: SandboxHome,
  vm: string,
  { address, seconds }: { readonly address: string; readonly seconds: number },
): Promise<boolean> {
  const curl = `curl -sS -o /dev/null --max-time ${String(seconds)} http://${address}/ && echo yes || echo no`;
  return (await guestSays(home, vm, ['sh', '-c', curl])).endsWith('yes');
}
