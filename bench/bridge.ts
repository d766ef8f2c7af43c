import { setTimeout as wait } from 'node:timers/promises';

import { VmDetails } from '@banger/protocol/vm';

import type { MachinePlan } from '../packages/banger/src/machine/plan.ts';
import { makeNetworkNamespace, type NetworkNamespace } from '../test/support/network-namespace.ts';
import { warmStore } from '../test/support/warm-store.ts';
import { bootBareVm, makeBareFiles } from './bare-vm.ts';
import type { Benchmark } from './benchmark.ts';
import { openHome, type Home } from './home.ts';
import { IMAGE, type Lab } from './lab.ts';
import { timed } from './stopwatch.ts';

/** For the pool to be filled again */
const POOL_MS = 1500;

/** Needs root. A VM that is on the bridge keeps the pool of taps filled. */
export const tapWarm: Benchmark = {
  id: 'tap-warm',
  what: '`vm create --network bridge` from a template with a tap that was made ahead, against the same in user mode, for which nothing is done on the host',
  unit: 'ms',
  goal: 1.05,
  runs: 15,
  warmUps: 2,
  async open() {
    await using cleanup = new AsyncDisposableStack();
    const { home } = cleanup.use(await openBridged());
    const flags = ['--network', 'bridge', '--image', IMAGE];
    await home.banger(['vm', 'create', '--name', 'keeper', '--no-start', ...flags]);
    const run = async (network: string) => {
      await wait(POOL_MS);
      const create = ['vm', 'create', '--name', 'x', '--network', network, '--image', IMAGE];
      const took = await timed(() => home.banger(create));
      await home.banger(['vm', 'delete', 'x']);
      return took;
    };
    const owned = cleanup.move(); // The subject owns the home and its network.
    return {
      value: () => run('bridge'),
      floor: () => run('user'),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};

const MIB = 2 ** 20;
const TOTAL_BYTES = 200 * MIB;
const CHUNK_BYTES = 65_536;
const PORT = 9000;
const SERVER_MS = 2000;

/** Needs root. */
export const bridgeThroughput: Benchmark = {
  id: 'bridge-throughput',
  what: '200 MiB from a guest on the bridge to the host, against the same from bare QEMU on a tap of a bridge without rules',
  unit: 'ms',
  goal: 1 / 0.95, // Of the times: nineteen twentieths of the throughput.
  runs: 8,
  warmUps: 1,
  async open(lab) {
    await using cleanup = new AsyncDisposableStack();
    const { home, space } = cleanup.use(await openBridged());
    // Cold, as the other one boots: a fork's memory is another thing than its network.
    const flags = ['--network', 'bridge', '--image', IMAGE, '--no-template'];
    await home.banger(['vm', 'create', '--name', 'fast', ...flags]);
    const { stdout } = await home.banger(['vm', 'show', 'fast', '--json']);
    const { address, spec } = VmDetails.parse(JSON.parse(stdout));
    await home.banger(['vm', 'exec', 'fast', '--', 'sh', '-c', DETACHED, 'sh', SERVER]);
    cleanup.use(await startBare(lab, spec, space));
    await wait(SERVER_MS);
    const read = (from: string) => timed(() => readAll(space, from));
    const owned = cleanup.move(); // The subject owns both VMs and their network.
    return {
      value: () => read(address ?? ''),
      floor: () => read(BARE_ADDRESS),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};

/** What every image has: perl sends the bytes to whoever connects. */
const SERVER = [
  'use Socket;',
  'socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);',
  `bind(S, sockaddr_in(${String(PORT)}, INADDR_ANY)) and listen(S, 5) or die;`,
  `my $b = "x" x ${String(CHUNK_BYTES)};`,
  `while (accept(C, S)) { syswrite(C, $b) for 1..${String(TOTAL_BYTES / CHUNK_BYTES)}; close C }`,
].join(' ');
const DETACHED = 'setsid perl -e "$1" </dev/null >/dev/null 2>&1 &';

const BARE_ADDRESS = '172.17.0.2';

/** A bridge and a tap as `ip` makes them, and QEMU on it as the driver starts it. */
async function startBare(
  lab: Lab,
  spec: VmDetails['spec'],
  space: NetworkNamespace,
): Promise<AsyncDisposable> {
  await using cleanup = new AsyncDisposableStack();
  await space.ok(
    [
      'ip link add bare0 type bridge && ip address add 172.17.0.1/24 dev bare0 && ip link set bare0 up',
      'ip tuntap add bare1 mode tap vnet_hdr && ip link set bare1 master bare0 up',
    ].join(' && '),
  );
  const files = cleanup.use(await makeBareFiles(lab, spec));
  const { guest } = cleanup.use(
    await bootBareVm({ ...files, plan: onBare(files.plan), enter: enterOf(space) }, lab),
  );
  const request = { argv: ['sh', '-c', DETACHED, 'sh', SERVER], env: {}, stdin: false };
  await guest.exec(request, { input: nothing(), onOutput: () => undefined }, lab.signal);
  const owned = cleanup.move(); // The caller owns the VM.
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function onBare(plan: MachinePlan): MachinePlan {
  const bridge = { name: 'bare0', tap: 'bare1', isolated: false };
  const addresses = { guestAddress: `${BARE_ADDRESS}/24`, gateway: '172.17.0.1' };
  return { ...plan, network: { ...plan.network, ...addresses, bridge } };
}

async function readAll(space: NetworkNamespace, address: string): Promise<void> {
  const said = await space.ok(`bash -c 'cat </dev/tcp/${address}/${String(PORT)} | wc -c'`);
  if (Number(said) !== TOTAL_BYTES) throw new Error(`${said.trim()} bytes came`);
}

interface Bridged extends AsyncDisposable {
  readonly home: Home;
  readonly space: NetworkNamespace;
}

/** A banger in a network of its own, where it may make bridges. */
async function openBridged(): Promise<Bridged> {
  await using cleanup = new AsyncDisposableStack();
  const space = cleanup.use(await makeNetworkNamespace());
  const home = cleanup.use(await openHome(await warmStore('slim'), enterOf(space)));
  const owned = cleanup.move(); // The caller owns both.
  return { home, space, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function enterOf({ pid }: NetworkNamespace): readonly string[] {
  return ['nsenter', '--target', String(pid), '--net'];
}

// eslint-disable-next-line @typescript-eslint/require-await -- An empty input: there is nothing to wait for.
async function* nothing(): AsyncGenerator<never, void> {
  yield* [];
}
