import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';

import type { BridgePort } from '../../packages/banger/src/network/bridge/bridge-port.ts';
import { createSceneHost, type MakeFirewall } from '../support/bridge-scene.ts';
import { makeNetworkNamespace, type NetworkNamespace } from '../support/network-namespace.ts';
import { buildTapGuest, reaches, startTapGuest, type TapGuest } from '../support/tap-guests.ts';
import { aPort, bridgeSettings } from './bridge-host-scene.ts';

export interface FirewallSubject {
  readonly name: string;
  readonly make: MakeFirewall;
}

const { signal } = new AbortController();

/** What guests reach, tried by guests: all of it on a host of its own, with a world beyond it. */
export function firewallContract({ name, make }: FirewallSubject): void {
  suite(`${name} keeps the Firewall contract`, () => {
    before(buildTapGuest);

    test('an isolated guest reaches the host’s names, and nobody else', async () => {
      await using scene = await startScene(make);
      const [guest] = await scene.guests(aPort(17), aPort(18));

      const reached = await Promise.all([
        guest.reaches(bridgeSettings.address, 53),
        guest.reaches(bridgeSettings.address, 22),
        guest.reaches(HOST, 22),
        guest.reaches(aPort(18).address),
        guest.reaches(WORLD),
      ]);

      assert.deepEqual(reached, [true, false, false, false, false]);
    });

    test('the host reaches every guest, the world none', async () => {
      await using scene = await startScene(make);
      await scene.guests(aPort(17), aPort(18, { nat: true, isolated: false }));

      assert.equal(await reaches(scene.host.pid, aPort(17).address), true);
      assert.equal(await reaches(scene.host.pid, aPort(18).address), true);
      assert.equal(await reaches(scene.world.pid, aPort(18).address), false);
    });

    test('a guest with NAT reaches the world from the host’s address, but no link-local one', async () => {
      await using scene = await startScene(make);
      const [nat, plain] = await scene.guests(aPort(17, { nat: true }), aPort(18));

      const reached = await Promise.all([
        nat.reaches(WORLD),
        nat.reaches(METADATA),
        plain.reaches(WORLD),
      ]);

      assert.deepEqual(reached, [true, false, false]);
    });

    test('only open guests reach each other', async () => {
      await using scene = await startScene(make);
      const open = { isolated: false };
      const ports = [aPort(17, open), aPort(18, open), aPort(19)] as const;
      const [first, , closed] = await scene.guests(...ports);

      const reached = await Promise.all([
        first.reaches(ports[1].address),
        first.reaches(ports[2].address),
        closed.reaches(ports[0].address),
      ]);

      assert.deepEqual(reached, [true, false, false]);
    });

    test('not even by way of the host', async () => {
      await using scene = await startScene(make);
      const [guest] = await scene.guests(aPort(17, { nat: true }), aPort(18, { nat: true }));

      await guest.sh(`ip route add ${aPort(18).address}/32 via ${bridgeSettings.address}`);

      assert.equal(await guest.reaches(aPort(18).address), false);
    });

    test('a guest is heard as itself alone: not with an address or a MAC of others', async () => {
      await using scene = await startScene(make);
      const [guest] = await scene.guests(aPort(17), aPort(18, { nat: true }));
      const other = aPort(18);

      await guest.sh(`ip address add ${other.address}/24 dev eth0`);
      await guest.sh(`ip route change default via ${bridgeSettings.address} src ${other.address}`);
      const asOther = await guest.reaches(WORLD);
      await guest.sh(`ip address delete ${other.address}/24 dev eth0`);
      await guest.sh(`ip link set eth0 address ${other.mac}`);
      const withOtherMac = await guest.reaches(bridgeSettings.address, 53);

      assert.deepEqual([asOther, withOtherMac], [false, false]);
    });

    test('a guest cannot make the host or another believe that an address is its own', async () => {
      await using scene = await startScene(make);
      const open = { isolated: false };
      const [guest] = await scene.guests(aPort(17, open), aPort(18, open));

      await guest.sh(`ip address add ${bridgeSettings.subnet.replace('0/24', '66/24')} dev eth0`);

      assert.equal(await reaches(scene.host.pid, '172.31.99.66'), false);
    });

    test('NAT works although others drop what is forwarded, and theirs is as it was', async () => {
      await using scene = await startScene(make);
      await scene.host.ok('iptables -P FORWARD DROP && iptables -A FORWARD -i docker0 -j ACCEPT');
      const before = await scene.host.ok('iptables -S');
      const [guest] = await scene.guests(aPort(17, { nat: true }));

      const reached = await guest.reaches(WORLD);
      await guest[Symbol.asyncDispose]();
      await scene.bridge.removeTap(aPort(17).tap, signal);

      assert.equal(reached, true);
      assert.equal(await scene.host.ok('iptables -S'), before);
    });

    test('the host forwards for its guests alone where it did not before', async () => {
      await using scene = await startScene(make);
      await using beyond = await makeNetworkNamespace();
      await join(scene.host, beyond, { host: '198.51.100.1/24', other: '198.51.100.9/24' });
      await beyond.ok('ip route add default via 198.51.100.1');
      await scene.world.ok(`ip route add default via ${HOST}`);
      await scene.guests(aPort(17, { nat: true }));

      assert.equal(await reaches(beyond.pid, WORLD), false);
    });
  });
}

const HOST = '192.0.2.1';
const WORLD = '192.0.2.9';
/** Where clouds keep the secrets of their machines */
const METADATA = '169.254.169.254';

interface Scene extends AsyncDisposable {
  readonly host: NetworkNamespace;
  readonly world: NetworkNamespace;
  readonly bridge: ReturnType<typeof createSceneHost>;
  guests<Ports extends readonly BridgePort[]>(
    ...ports: Ports
  ): Promise<{ readonly [Index in keyof Ports]: TapGuest }>;
}

async function startScene(make: MakeFirewall): Promise<Scene> {
  await using cleanup = new AsyncDisposableStack();
  const host = cleanup.use(await makeNetworkNamespace());
  const world = cleanup.use(await makeNetworkNamespace());
  await join(host, world, { host: `${HOST}/24`, other: `${WORLD}/24` });
  await host.ok(`ip route add ${METADATA} via ${WORLD}`);
  await world.ok(`ip address add ${METADATA}/32 dev lo`);
  await world.ok(`ip route add ${bridgeSettings.subnet} via ${HOST}`);
  const bridge = createSceneHost(host, make);
  const owned = cleanup.move();
  return {
    ...{ host, world, bridge },
    async guests<Ports extends readonly BridgePort[]>(...ports: Ports) {
      for (const port of ports) await bridge.ensurePort(port, signal);
      const guests = ports.map(async (port) => owned.use(await startTapGuest(host, port)));
      return (await Promise.all(guests)) as { readonly [Index in keyof Ports]: TapGuest };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

let links = 0;

/** By a cable. */
async function join(
  host: NetworkNamespace,
  other: NetworkNamespace,
  addresses: { readonly host: string; readonly other: string },
): Promise<void> {
  links += 1;
  const [near, far] = [`up${String(links)}`, `down${String(links)}`];
  await host.ok(`ip link add ${near} type veth peer name ${far} netns ${String(other.pid)}`);
  await host.ok(`ip address add ${addresses.host} dev ${near} && ip link set ${near} up`);
  await other.ok(`ip address add ${addresses.other} dev ${far} && ip link set ${far} up`);
}
