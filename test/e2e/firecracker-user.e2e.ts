import assert from 'node:assert/strict';
import { readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { createFakeFirecracker } from '../support/fake-firecracker/create-fake-firecracker.ts';
import { killAndWait, killDaemon, until, writeConfig } from '../support/faults.ts';
import { putServer, serve } from '../support/guest-server.ts';
import { mayMakeNamespaces } from '../support/network-namespace.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { BEYOND, serveBeyond } from '../support/server-beyond.ts';
import { bootIdOf, guestSays, showVm, SLIM } from '../support/vms.ts';

/**
 * VMs of Firecracker on the user-mode network: a fake Firecracker, which runs real guests on the tap that it is told of, in the
 * namespaces that are made for it. What they reach beyond the host is a server in a namespace of the test's.
 */

const FIRECRACKER = ['--vmm', 'firecracker', '--accel', 'kvm', '--network', 'user'];
const options = { ownNetwork: true, templates: 'own', skip: !mayMakeNamespaces } as const;

sandboxTest('VMs of Firecracker in user mode', options, async (home, _, part) => {
  assert.ok(home.network);
  await using beyond = await serveBeyond(home.network);
  await useFakeFirecracker(home);
  const guest = (script: string, vm = 'web') => guestSays(home, vm, ['sh', '-c', script]);
  const reaches = async (vm = 'web', address = BEYOND) => {
    const curl = ['curl', '-sS', '--max-time', '10', `http://${address}/`];
    const { stdout } = await home.banger(['exec', vm, '--', ...curl]);
    return stdout === 'beyond';
  };
  await home.ok(['vm', 'create', '--name', 'web', ...FIRECRACKER, ...SLIM]);

  await part('reach out, from a network that is not the host’s', async () => {
    const { vmm, network } = await showVm(home, 'web');
    assert.equal(vmm?.name, 'firecracker');
    assert.match(network?.address ?? '', /^10\.77\./);
    const theirs = await readlink(`/proc/${String(vmm.pid)}/ns/net`);
    assert.notEqual(theirs, await readlink(`/proc/${String(await home.daemonPid())}/ns/net`));
    assert.equal(await reaches(), true);
  });
  await part('answer on the host, at the address that is theirs there', async () => {
    await putServer(home, 'web');
    await serve(home, 'web', ['http:0.0.0.0:8080']);
    const { address } = await showVm(home, 'web');
    const url = `http://${String(address)}:8080/`;
    const answer = await home.network?.ok(`curl -sS --retry 5 --retry-all-errors ${url}`);
    assert.match(answer ?? '', /\S/);
    assert.match((await home.ok(['vm', 'ports', 'web'])).stdout, /^web +tcp +8080 /m);
  });
  await part('reach out when they are forks of a template, at once', async () => {
    await home.ok(['vm', 'create', '--name', 'two', ...FIRECRACKER, ...SLIM]);
    assert.equal((await showVm(home, 'two')).startedFrom?.kind, 't1');
    assert.equal(await reaches('two'), true);
    await home.ok(['vm', 'delete', 'two']);
  });
  await part('reach nobody with --no-nat, and run no stack for it', async () => {
    await home.ok(['vm', 'create', '--name', 'shut', '--no-nat', ...FIRECRACKER, ...SLIM]);
    assert.equal(await reaches('shut'), false);
    assert.deepEqual(await stacksOf(home, 'shut'), []);
    await home.ok(['vm', 'delete', 'shut']);
  });
  await part('reach out after a suspend, and after a stop', async () => {
    const bootId = await bootIdOf(home, 'web');
    await home.ok(['vm', 'suspend', 'web']);
    assert.deepEqual(await stacksOf(home, 'web'), []);
    await home.ok(['vm', 'start', 'web']);
    assert.equal(await bootIdOf(home, 'web'), bootId);
    assert.equal(await reaches(), true);
    await home.ok(['vm', 'restart', 'web']);
    assert.equal(await reaches(), true);
  });
  await part('are forked while they run, each with a way out of its own', async () => {
    await home.ok(['vm', 'fork', 'web', '--name', 'fork']);
    assert.equal(await guest('hostname', 'fork'), 'fork');
    assert.deepEqual([await reaches('web'), await reaches('fork')], [true, true]);
    await home.ok(['vm', 'delete', 'fork']);
    assert.equal(await reaches(), true);
  });
  await part('outlive their daemon, with their network', async () => {
    const bootId = await bootIdOf(home, 'web');
    await killDaemon(home);
    assert.equal(await reaches(), true);
    assert.equal(await bootIdOf(home, 'web'), bootId);
  });
  await part('take their network with them when they are killed', async () => {
    await killAndWait((await showVm(home, 'web')).vmm?.pid ?? 0);
    await until('no stack runs', async () => (await stacksOf(home, 'web')).length === 0);
    await home.ok(['vm', 'start', 'web']);
    assert.equal(await reaches(), true);
  });
  await part('leave nothing', async () => {
    await home.ok(['vm', 'delete', 'web']);
    await home.assertHostIsClean();
  });
  await beyond[Symbol.asyncDispose]();
});

/** The user-mode stacks that run for a VM, by their command lines */
async function stacksOf(home: SandboxHome, vm: string): Promise<readonly string[]> {
  const { id } = await showVm(home, vm);
  const { stdout } = await runToEnd(['pgrep', '-a', '-f', `^slirp4netns .*${id}`], {});
  return stdout.split('\n').filter((line) => line !== '');
}

async function useFakeFirecracker(home: SandboxHome): Promise<void> {
  const dir = join(dirname(home.stateDir), 'firecracker');
  const { binary } = await createFakeFirecracker({ dir });
  await writeConfig(home, `tap_pool_size = 0\nfirecracker_bin = "${binary}"\n`);
}
