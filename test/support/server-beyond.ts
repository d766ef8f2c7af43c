import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { makeNetworkNamespace, type NetworkNamespace } from './network-namespace.ts';

/** A server that has no way back to guests, only to their host */
export const BEYOND = '203.0.113.2';

/** A web server, which says `beyond`, in a namespace of its own, over a link from the one that is given. */
export async function serveBeyond(space: NetworkNamespace): Promise<AsyncDisposable> {
  await using cleanup = new AsyncDisposableStack();
  const far = cleanup.use(await makeNetworkNamespace());
  await space.ok(
    `ip link add uplink0 type veth peer name eth0 netns ${String(far.pid)} && ip address add 203.0.113.1/24 dev uplink0 && ip link set uplink0 up`,
  );
  await far.ok(`ip address add ${BEYOND}/24 dev eth0 && ip link set eth0 up`);
  const program =
    "require('http').createServer((_, answer) => answer.end('beyond')).listen(80, () => console.log('up'))";
  const server = spawn(
    'nsenter',
    ['--target', String(far.pid), '--net', process.execPath, '-e', program],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(server, 'close');
  cleanup.defer(async () => {
    server.kill('SIGKILL');
    await ended;
  });
  await Promise.race([once(server.stdout, 'data'), ended]);
  const owned = cleanup.move(); // The caller owns both.
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
