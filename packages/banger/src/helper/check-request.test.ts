import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { tapName } from '../network/bridge/tap-name.ts';
import { jailUid } from '../vmm/firecracker/jail/jail-user.ts';
import { checkRequest } from './check-request.ts';
import { someSettings } from './fixtures.ts';
import { HelperRequest } from './helper-protocol.ts';

const settings = someSettings({ uid: 1000 });
const port = {
  tap: tapName(settings.owner.stateDir, 17),
  mac: '02:ba:ac:1f:63:11',
  address: '172.31.99.17',
  nat: true,
  isolated: true,
};

const jailed = jailUid(settings.owner.stateDir, port.address);

test("a port of the owner's own banger passes, opened by the owner or by the VM's jail", () => {
  for (const uid of [undefined, 1000, jailed]) {
    const asked = { id: 1, method: 'bridge.ensurePort', port: { ...port, uid } } as const;
    checkRequest(HelperRequest.parse(asked), settings);
  }
});

for (const [what, change] of [
  ['the tap of another banger', { tap: tapName('/home/bob/.local/state/banger', 17) }],
  ['a link that is no tap', { tap: 'eth0' }],
  ['the bridge', { tap: 'br-test' }],
  ['an address of another subnet', at('172.31.98.17')],
  ["the host's own address", at('172.31.99.1')],
  ["the subnet's name", at('172.31.99.0')],
  ["everybody's address", at('172.31.99.255')],
  ['an address of the internet', at('192.0.2.1')],
  ["another address's MAC", { mac: '02:ba:ac:1f:63:12' }],
  ['a MAC of no address', { mac: '02:00:00:00:00:00' }],
  ['a tap for root', { uid: 0 }],
  ['a tap for another user', { uid: 1001 }],
  ["a tap for another VM's jail", { uid: jailed + 1 }],
] as const) {
  test(`${what} is refused, alone and among others`, () => {
    const bad = { ...port, ...change };
    for (const asked of [
      { id: 1, method: 'bridge.ensurePort', port: bad },
      { id: 1, method: 'bridge.repair', ports: [port, bad] },
    ]) {
      const request = HelperRequest.parse(asked);
      assert.throws(() => checkRequest(request, settings), { code: 'helper.refused' });
    }
  });
}

for (const address of ['127.0.0.1', '127.77.0.1', '::1', '172.31.99.1']) {
  test(`names may be asked for on ${address}, of this host`, () => {
    const asked = { id: 1, method: 'resolver.route', at: { address, port: 42_069 } };
    checkRequest(HelperRequest.parse(asked), settings);
  });
}

for (const address of ['8.8.8.8', '172.31.99.17', '0.0.0.0', '128.0.0.1', '169.254.169.254']) {
  test(`names are not to be asked for on ${address}`, () => {
    const asked = { id: 1, method: 'resolver.route', at: { address, port: 53 } };
    const request = HelperRequest.parse(asked);
    assert.throws(() => checkRequest(request, settings), { code: 'helper.refused' });
  });
}

for (const at of [
  { address: '127.0.0.1 --help', port: 53 },
  { address: 'ns.example.com', port: 53 },
  { address: '127.0.0.1%lo', port: 53 },
  { address: '127.0.0.1', port: 0 },
  { address: '127.0.0.1', port: 65_536 },
  { address: '127.0.0.1', port: '53' },
  { address: '127.0.0.1', port: 53, domain: '~.' },
]) {
  test(`${JSON.stringify(at)} is no name server`, () => {
    const asked = { id: 1, method: 'resolver.route', at };
    assert.equal(HelperRequest.safeParse(asked).success, false);
  });
}

test('whatever is asked, nothing passes but names and addresses of this owner', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(port.tap, '../etc', 'eth0', 'br-test', `${port.tap}\0`, `${port.tap}/..`),
    fc.nat(300).map((index) => tapName(settings.owner.stateDir, index)),
  );
  const address = fc.oneof(
    fc.ipV4(),
    fc.nat(255).map((last) => `172.31.99.${String(last)}`),
  );
  const portLike = fc.oneof(
    fc.record({
      tap: text,
      address,
      mac: fc.oneof(fc.string(), fc.constant(port.mac)),
      nat: fc.anything(),
      isolated: fc.boolean(),
      uid: fc.oneof(fc.integer(), fc.constant(1000)),
    }),
    address.map((given) => ({ ...port, ...at(given) })),
  );
  const methods = HelperRequest.options.map(({ shape }) => shape.method.value);
  const requestLike = fc.record(
    {
      id: fc.oneof(fc.nat(), fc.anything()),
      method: fc.oneof(fc.constantFrom(...methods), fc.string()),
      tap: text,
      port: portLike,
      at: fc.record({ address: fc.oneof(address, text), port: fc.nat(70_000) }),
      ports: fc.array(portLike),
    },
    { requiredKeys: ['method'] },
  );
  // What has a key too many is no request at all: half of what is tried has just its own keys.
  const own = requestLike.map((like) => withOwnKeys(like));

  fc.assert(
    fc.property(fc.oneof(requestLike, own, fc.anything()), (asked) => {
      const parsed = HelperRequest.safeParse(asked);
      if (!parsed.success) return;
      try {
        checkRequest(parsed.data, settings);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'helper.refused');
        return;
      }
      if (parsed.data.method === 'resolver.route')
        assert.match(parsed.data.at.address, /^(?:127\.\d+\.\d+\.\d+|172\.31\.99\.1)$/);
      for (const tap of tapsOf(parsed.data)) assert.match(tap, /^bgr0882-[1-9]\d*$/);
      for (const given of portsOf(parsed.data)) {
        assert.match(given.address, /^172\.31\.99\.(?!0$|1$|255$)\d+$/);
        assert.equal(given.mac, macOf(given.address));
        const users = [undefined, 1000, jailUid(settings.owner.stateDir, given.address)];
        assert.ok(users.includes(given.uid));
      }
    }),
    { numRuns: 10_000 },
  );
});

function at(address: string) {
  return { address, mac: macOf(address) };
}

function withOwnKeys(like: Readonly<Record<string, unknown>>) {
  const found = HelperRequest.options.find(({ shape }) => shape.method.value === like['method']);
  const keys = Object.keys(found?.shape ?? like);
  return Object.fromEntries(keys.map((key) => [key, like[key]]));
}

function portsOf(request: HelperRequest) {
  if (request.method === 'bridge.ensurePort') return [request.port];
  return request.method === 'bridge.repair' ? request.ports : [];
}

function tapsOf(request: HelperRequest) {
  const named = 'tap' in request ? [request.tap] : [];
  return [...named, ...portsOf(request).map(({ tap }) => tap)];
}

/** As plans have it: locally administered, then the four bytes of the address. */
function macOf(address: string): string {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'));
  return ['02', 'ba', ...bytes].join(':');
}
