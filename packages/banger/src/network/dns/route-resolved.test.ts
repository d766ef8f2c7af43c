import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createFakeProcesses } from '../../host/fake-processes.ts';
import { routeResolved } from './route-resolved.ts';

const at = { address: '127.0.0.1', port: 42_069 };
const owner = 'banger /home/ana/.local/state/banger';

/** A host with `ip` and `resolvectl`: its links with what was said about each. */
function aHost({ kinds = ['dummy', 'veth'], fails = '' } = {}) {
  const links = new Map<string, string[]>();
  const processes = createFakeProcesses({
    ip({ args, print, complain }) {
      const [line, name = ''] = [args.join(' '), args.find((word) => word.startsWith('banger0'))];
      if (line.startsWith('link add')) {
        const kind = args[args.indexOf('type') + 1] ?? '';
        if (!kinds.includes(kind) || links.has(name)) return 2;
        links.set(name, [kind]);
        if (kind === 'veth') links.set(args.at(-1) ?? '', []);
        return 0;
      }
      const link = links.get(name);
      if (link === undefined || (fails !== '' && line.includes(fails))) {
        complain('it cannot be');
        return 1;
      }
      if (line.includes('show')) {
        const alias = link.find((said) => said.startsWith('alias '))?.slice('alias '.length);
        print(JSON.stringify([{ ifname: name, ifalias: alias }]));
      } else if (line.startsWith('link delete')) links.clear();
      else link.push(args.slice(args.indexOf(name) + 1).join(' '));
      return 0;
    },
    resolvectl({ args: [verb = '', name = '', value = ''] }) {
      if (fails === verb) return 1;
      links.get(name)?.push(`${verb} ${value}`);
      return 0;
    },
  });
  const { signal } = new AbortController();
  return { links, route: () => routeResolved(at, { processes, owner, signal }) };
}

suite('the route from systemd-resolved', () => {
  test('is a link of its own, for names of VMs alone, and goes when it is disposed', async () => {
    const { links, route } = aHost();

    const routed = await route();
    const said = links.get('banger0');
    await routed[Symbol.asyncDispose]();

    for (const line of ['dns 127.0.0.1:42069', 'domain ~vm', 'default-route no', `alias ${owner}`])
      assert.ok(said?.includes(line), line);
    assert.equal(links.size, 0);
  });

  test('takes a pair of links where the kernel has no other', async () => {
    const { links, route } = aHost({ kinds: ['veth'] });

    const routed = await route();
    assert.deepEqual([...links.keys()], ['banger0', 'banger0-peer']);
    await routed[Symbol.asyncDispose]();

    assert.equal(links.size, 0);
  });

  test('takes over what a daemon of the same banger left', async () => {
    const { links, route } = aHost();
    links.set('banger0', ['dummy', `alias ${owner}`, 'dns 127.0.0.1:1']);

    await route();

    assert.ok(links.get('banger0')?.includes('dns 127.0.0.1:42069'));
    assert.ok(!links.get('banger0')?.includes('dns 127.0.0.1:1'));
  });

  test('leaves a link alone that is somebody else’s', async () => {
    const { links, route } = aHost();
    links.set('banger0', ['dummy', 'alias banger /root/.local/state/banger']);

    await assert.rejects(route(), /somebody else's/);

    assert.equal(links.get('banger0')?.length, 2);
  });

  test('takes over one that a daemon was killed over before it marked it', async () => {
    const { links, route } = aHost();
    links.set('banger0', ['dummy']);

    await route();

    assert.ok(links.get('banger0')?.includes(`alias ${owner}`));
  });

  for (const fails of ['address', 'up', 'dns', 'domain', 'default-route']) {
    test(`leaves nothing when "${fails}" fails`, async () => {
      const { links, route } = aHost({ fails });

      await assert.rejects(route());

      assert.equal(links.size, 0);
    });
  }
});
