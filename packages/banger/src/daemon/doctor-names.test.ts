import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';

import { namesRows, type NamesView } from './doctor-names.ts';

const at = { address: '127.0.0.1', port: 42_069 };
const rows = (change: Partial<NamesView>) =>
  namesRows({
    status: { state: 'serving', at },
    resolves: false,
    resolver: 'resolv.conf',
    trouble: undefined,
    ...change,
  });

suite('doctor on names of VMs', () => {
  test('is content when programs find them', () => {
    assert.deepEqual(
      rows({ resolves: true }).map(({ status }) => status),
      ['PASS', 'PASS'],
    );
  });

  for (const resolver of [
    'systemd-resolved',
    'NetworkManager',
    'dnsmasq',
    'resolv.conf',
  ] as const) {
    test(`has a recipe for ${resolver}, in one line, with the address of the server`, () => {
      const routing = rows({ resolver }).at(-1);

      assert.equal(routing?.status, 'WARN');
      assert.match(routing.fix ?? '', /127\.0\.0\.1[:#]42069/);
      assert.doesNotMatch(routing.fix ?? '', /\n/);
    });
  }

  test('says why the resolver could not be told of us', () => {
    const trouble = 'Cannot have systemd-resolved ask: the link is taken';

    assert.equal(rows({ resolver: 'systemd-resolved', trouble }).at(-1)?.detail, trouble);
  });

  test('says why the name server does not answer', () => {
    const problem = new BangerError('host.port_taken', 'Cannot answer: taken', { hint: 'ss -l' });

    assert.deepEqual(rows({ status: { state: 'failed', at, problem } }), [
      { name: 'name server', status: 'WARN', detail: 'Cannot answer: taken', fix: 'ss -l' },
    ]);
  });

  test('says that there is none', () => {
    assert.match(rows({ status: undefined })[0]?.detail ?? '', /dns_listen is off/);
  });
});
