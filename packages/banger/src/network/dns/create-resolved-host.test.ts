import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  resolverHostContract,
  RESOLVER_OWNER,
} from '../../../../../test/contract/resolver-host.ts';
import { mayMakeNamespaces } from '../../../../../test/support/network-namespace.ts';
import {
  makeResolvedSpace,
  realResolverScene,
} from '../../../../../test/support/resolver-scene.ts';
import type { Processes, RunResult } from '../../host/processes.ts';
import { createResolvedHost } from './create-resolved-host.ts';

const at = { address: '127.0.0.1', port: 42_069 };
const owner = RESOLVER_OWNER;
const { signal } = new AbortController();

if (mayMakeNamespaces) {
  resolverHostContract({ name: 'with systemd-resolved', start: () => realResolverScene() });
}

suite('systemd-resolved is told by a link', { skip: !mayMakeNamespaces }, () => {
  test('of the names of VMs alone, as of a server that signs nothing and speaks no TLS', async () => {
    await using scene = await makeResolvedSpace();

    await createResolvedHost({ processes: scene.processes, owner }).route(at, signal);

    assert.deepEqual(JSON.parse(await scene.said()), [
      ['default-route', 'no'],
      ['dns', '127.0.0.1:42069'],
      ['dnsovertls', 'no'],
      ['dnssec', 'no'],
      ['domain', '~vm'],
    ]);
    const link = await scene.ok('ip address show dev banger0');
    assert.match(link, /[<,]UP[,>].*inet 169\.254\.77\.53\/32 scope global banger0/s);
  });

  test('of which there are two kinds, as not every kernel has the first', async () => {
    await using scene = await makeResolvedSpace();
    const processes = withRun(scene.processes, (command, run) =>
      command.join(' ') === 'ip link add banger0 type dummy' ? failed() : run(),
    );
    const host = createResolvedHost({ processes, owner });
    const before = await scene.state();

    await host.route(at, signal);
    const links = await scene.ok('ip -brief link show up');
    const isRouted = await host.isRouted(at, signal);
    await host.unroute(signal);

    assert.match(links, /^banger0@banger0-peer /m);
    assert.equal(isRouted, true);
    assert.equal(await scene.state(), before);
  });

  test('that somebody made by hand for the same', async () => {
    await using scene = await makeResolvedSpace();
    await scene.ok('ip link add banger0 type veth peer name banger0-peer');
    await scene.ok('ip address add 169.254.77.53/32 dev banger0');
    const host = createResolvedHost({ processes: scene.processes, owner });

    await host.unroute(signal);
    const left = await scene.ok('ip -brief link show');
    await host.route(at, signal);

    assert.match(left, /banger0/);
    assert.equal(await host.isRouted(at, signal), true);
  });

  test("which another banger's daemon may have: it is told of by its name", async () => {
    await using scene = await makeResolvedSpace();
    const theirs = createResolvedHost({ processes: scene.processes, owner: '/root/banger' });
    await theirs.route(at, signal);

    const host = createResolvedHost({ processes: scene.processes, owner });
    await assert.rejects(host.route(at, signal), {
      code: 'host.network_conflict',
      message: /link banger0, and it says "banger [0-9a-f]{8} names"$/,
    });
    await host.unroute(signal);

    assert.equal(await theirs.isRouted(at, signal), true);
  });

  for (const fails of [
    'alias',
    'address replace',
    'link set banger0 up',
    'dns',
    'domain',
    'dnssec',
  ])
    test(`which is gone when "${fails}" fails`, async () => {
      await using scene = await makeResolvedSpace();
      const before = await scene.state();
      const processes = withRun(scene.processes, (command, run) =>
        `${command.join(' ')} `.includes(` ${fails} `) ? failed() : run(),
      );

      await assert.rejects(createResolvedHost({ processes, owner }).route(at, signal), {
        code: 'host.network_unavailable',
        message: /it cannot be$/,
      });

      assert.equal(await scene.state(), before);
    });

  for (const when of ['before', 'after'] as const) {
    test(`by a caller that dies ${when} any program: the next one finishes it, or takes it away`, async () => {
      await using scene = await makeResolvedSpace();
      const next = () => createResolvedHost({ processes: scene.processes, owner });
      const before = await scene.state();
      await next().route(at, signal);
      const good = await scene.state();
      await next().unroute(signal);

      let fatal = 0;
      for (let isDone = false; !isDone;) {
        fatal += 1;
        const dying = () =>
          createResolvedHost({ processes: dyingAt(scene.processes, fatal, when), owner });
        isDone = await dying()
          .route(at, signal)
          .then(
            () => true,
            () => false,
          );
        if (fatal % 2 === 0) await next().route(at, signal);
        if (fatal % 2 === 0)
          assert.equal(await scene.state(), good, `finished after ${String(fatal)}`);
        await dying()
          .unroute(signal)
          .catch(() => undefined);
        await next().unroute(signal);
        assert.equal(await scene.state(), before, `removed after ${String(fatal)}`);
      }

      assert.ok(fatal > 5, 'there were programs to die at');
    });
  }
});

function withRun(
  processes: Processes,
  around: (command: readonly string[], run: () => Promise<RunResult>) => Promise<RunResult>,
): Processes {
  return {
    ...processes,
    run: (command, options) => around(command, () => processes.run(command, options)),
  };
}

function failed(): Promise<RunResult> {
  return Promise.resolve({ exitCode: 1, signal: null, stdout: '', stderr: 'it cannot be\n' });
}

/** The same host, whose programs are there until the `fatal`th is run: the caller does not live longer than that. */
function dyingAt(processes: Processes, fatal: number, when: 'before' | 'after'): Processes {
  let runs = 0;
  return withRun(processes, async (_, run) => {
    runs += 1;
    if (runs < fatal) return run();
    if (runs === fatal && when === 'after') await run();
    throw new Error('killed');
  });
}
