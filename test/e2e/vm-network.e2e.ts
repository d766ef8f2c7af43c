import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { guestSays, showVm, SLIM } from '../support/vms.ts';

/** What a guest reaches in user mode, and that `--no-nat` ends it. */
sandboxTest('the network of a guest', {}, async (home, t, part) => {
  const server = createServer((_, response) => response.end('from the host\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const curl = ['curl', '-sS', '--max-time', '10', `http://10.77.0.2:${String(port)}/`];
  await home.ok(['vm', 'create', '--name', 'net', ...SLIM]);

  await part('the guest reaches a server of the host', async () => {
    assert.equal(await guestSays(home, 'net', curl), 'from the host');
  });

  await part('the guest resolves a name that the host resolves', async () => {
    const name = await nameOfTheArchive();
    const { address } = await lookup(name, { family: 4 });
    const answer = await guestSays(home, 'net', ['getent', 'ahostsv4', name]);

    assert.match(answer, /^\d+\.\d+\.\d+\.\d+ /, `the host says ${address}`);
  });

  await part('a name that does not exist is not found, and soon', async () => {
    const argv = ['getent', 'ahostsv4', 'no-such-host.invalid'];
    const { status } = await home.banger(['exec', '--timeout', '30s', 'net', '--', ...argv]);

    assert.equal(status, 2);
  });

  await part('--no-nat cuts it off, --nat lets it out again', async () => {
    await home.ok(['vm', 'stop', 'net']);
    await home.ok(['vm', 'set', 'net', '--no-nat']);
    await home.ok(['vm', 'start', 'net']);
    const cut = await home.banger(['exec', 'net', '--', ...curl]);

    assert.match(String(cut.status), /^(?:7|28)$/, cut.stderr);
    assert.equal((await showVm(home, 'net')).network?.nat, false);

    await home.ok(['vm', 'stop', 'net']);
    await home.ok(['vm', 'set', 'net', '--nat']);
    await home.ok(['vm', 'start', 'net']);
    assert.equal(await guestSays(home, 'net', curl), 'from the host');
  });
});

/** The host's own source of packages: no name is written down here. */
async function nameOfTheArchive(): Promise<string> {
  const { stdout } = await runToEnd(['apt-get', 'indextargets', '--format', '$(REPO_URI)'], {});
  const [uri] = stdout.split('\n').filter((line) => line.startsWith('http'));
  if (uri === undefined) throw new Error('apt knows no repository on the network');
  return new URL(uri).hostname;
}
