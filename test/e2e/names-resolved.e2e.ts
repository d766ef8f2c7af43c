import assert from 'node:assert/strict';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';

import { until } from '../support/faults.ts';
import { putServer, serve } from '../support/guest-server.ts';
import { startResolvedHost, type ResolvedHost } from '../support/resolved-host.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { shownVms, showVm, SLIM } from '../support/vms.ts';

/** Only root may make namespaces for a network, and only as root does the daemon tell systemd-resolved. */
const isRoot = process.geteuid?.() === 0;

sandboxTest('names of VMs through systemd-resolved', { skip: !isRoot }, async (given, t, part) => {
  const untouched = await ownNames();
  await using host = await startResolvedHost();
  const home = host.homeOf(given);
  await home.ok(['vm', 'create', '--name', 'web', ...SLIM]);
  const address = (await shownVms(home))[0]?.address ?? '';
  await untilNamed(host, 'web.vm', address);

  await part('systemd-resolved finds a VM by its name, and so does every program', async () => {
    const { stdout } = await host.run(['resolvectl', 'query', 'web.vm']);
    await putServer(home, 'web');
    await serve(home, 'web', ['http:127.0.0.1:8080']);
    const url = 'http://web.vm:8080/';
    const curl = ['curl', '-sS', '--retry', '5', '--retry-connrefused', url];

    assert.match(address, /^127\.77\.\d+\.\d+$/);
    assert.ok(stdout.startsWith(`web.vm: ${address}\n`), stdout);
    assert.equal(await addressesOf(host, 'www.web.vm'), address);
    assert.equal((await host.run(curl)).stdout, 'hello from web.vm:8080\n');
    const { stdout: doctor } = await home.banger(['doctor']);
    assert.match(doctor, /^PASS +dns routing /m);
  });

  await part('there is no such name but those of VMs', async () => {
    const query = await host.run(['resolvectl', 'query', 'nope.vm']);
    const { stdout } = await host.run(['dig', '@127.0.0.53', 'nope.vm']);

    assert.notEqual(query.status, 0);
    assert.match(query.stderr, /'nope\.vm' not found/);
    assert.match(stdout, /status: NXDOMAIN/);
    assert.equal(await addressesOf(host, 'nope.vm'), '');
  });

  await part('every other name is asked for elsewhere, and none of a VM is', async () => {
    await host.asked();
    const before = (await host.askedElsewhere()).length;
    for (const name of ['example.com', 'web.vm', 'nothing.example.com', 'vm.example.com'])
      await host.run(['resolvectl', 'query', name]);
    const asked = await host.asked();
    const elsewhere = (await host.askedElsewhere()).slice(before);

    assert.equal(await addressesOf(host, 'example.com'), '192.0.2.1');
    assert.deepEqual(namesOver(asked, 'banger0'), ['web.vm']);
    const others = ['example.com', 'nothing.example.com', 'vm.example.com'];
    assert.deepEqual(namesOver(asked, 'uplink0'), others);
    assert.deepEqual([...new Set(elsewhere)].toSorted(), others);
  });

  await part('it asks us still after a restart of its own', async () => {
    await host.restartResolved();

    await untilNamed(host, 'web.vm', address);
    assert.deepEqual(await domainsOf(host), ['~vm']);
  });

  await part('what a killed daemon left is taken over by the next, once', async () => {
    const before = await serverOf(host);
    await host.run(['kill', '-KILL', String(await home.daemonPid())]);
    const left = await linksOf(host);
    await home.ok(['daemon', 'start']);
    await until('another server is asked', async () => {
      const server = await serverOf(host);
      return server !== '' && server !== before;
    });
    await untilNamed(host, 'web.vm', address);

    assert.ok(left.includes('banger0'), left.join(' '));
    assert.deepEqual(await linksOf(host), left);
    const { stdout } = await home.ok(['daemon', 'status', '--json']);
    const { dns } = JSON.parse(stdout) as { readonly dns: { readonly listen: string } };
    assert.equal(await serverOf(host), dns.listen);
    assert.deepEqual(await domainsOf(host), ['~vm']);
  });

  await part('nothing is routed to us after daemon stop, and all is after a start', async () => {
    await home.ok(['daemon', 'stop']);
    await until('the link is gone', async () => !(await linksOf(host)).includes('banger0'));
    await host.asked();
    const stopped = await addressesOf(host, 'web.vm');
    const asked = await host.asked();
    await home.ok(['daemon', 'start']);
    await untilNamed(host, 'web.vm', address);

    assert.equal(stopped, '');
    assert.deepEqual(namesOver(asked, 'uplink0'), ['web.vm']);
  });

  await part('a name comes and goes with its VM', async () => {
    assert.equal(await addressesOf(host, 'two.vm'), '');
    await home.ok(['vm', 'create', '--no-start', '--name', 'two', ...SLIM]);
    const two = (await showVm(home, 'two')).network?.hostAddress ?? 'none';
    const cameMs = await untilNamed(host, 'two.vm', two);
    await home.ok(['vm', 'delete', 'web', 'two']);
    const wentMs = await untilNamed(host, 'web.vm', '');
    await untilNamed(host, 'two.vm', '');

    t.diagnostic(`came after ${cameMs.toFixed()} ms, went after ${wentMs.toFixed()} ms`);
  });

  await home.ok(['daemon', 'stop']);
  await until('the link is gone', async () => !(await linksOf(host)).includes('banger0'));
  await host[Symbol.asyncDispose]();
  assert.deepEqual(await ownNames(), untouched);
});

/** What `getent` finds, as every program would. */
async function addressesOf(host: ResolvedHost, name: string): Promise<string> {
  const { stdout } = await host.run(['getent', 'ahostsv4', name]);
  return [
    ...new Set(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ),
  ].join(' ');
}

/** How long it takes until a name has this address, in milliseconds; '' is none. */
async function untilNamed(host: ResolvedHost, name: string, address: string): Promise<number> {
  const begin = performance.now();
  const what = `${name} is ${address}`;
  await until(what, async () => (await addressesOf(host, name)) === address);
  return performance.now() - begin;
}

function namesOver(
  asked: Awaited<ReturnType<ResolvedHost['asked']>>,
  link: string,
): readonly string[] {
  return [
    ...new Set(asked.filter((each) => each.link === link).map(({ name }) => name)),
  ].toSorted();
}

async function linksOf(host: ResolvedHost): Promise<readonly string[]> {
  return linkNames((await host.run(['ip', '-json', 'link'])).stdout);
}

/** `Link 4 (banger0): 127.0.0.1:5353` */
async function serverOf(host: ResolvedHost): Promise<string> {
  const { stdout } = await host.run(['resolvectl', 'dns', 'banger0']);
  return stdout.slice(stdout.indexOf('):') + 2).trim();
}

/** Of all links */
async function domainsOf(host: ResolvedHost): Promise<readonly string[]> {
  const { stdout } = await host.run(['resolvectl', 'domain']);
  const domains = stdout.split('\n').map((line) => line.slice(line.indexOf(':') + 1).trim());
  return domains.filter((domain) => domain !== '');
}

/** How the machine that runs this test resolves names: file, links, bus, resolver. Nothing of it may change. */
async function ownNames(): Promise<unknown> {
  const file = '/etc/resolv.conf';
  const bus = await stat('/run/dbus/system_bus_socket').catch(() => undefined);
  return {
    resolvConf: [await readFile(file, 'utf8'), await readlink(file).catch(() => 'a file')],
    nsswitch: await readFile('/etc/nsswitch.conf', 'utf8'),
    links: linkNames((await runToEnd(['ip', '-json', 'link'], {})).stdout),
    bus: bus?.ino,
    resolved: await readdir('/run/systemd/resolve').catch(() => 'none'),
  };
}

function linkNames(json: string): readonly string[] {
  return (JSON.parse(json) as readonly { readonly ifname: string }[]).map(({ ifname }) => ifname);
}
