import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { create, type MessageInitShape } from '@bufbuild/protobuf';

import {
  Listener_Protocol as Protocol,
  ProbeResponse_Scheme as Scheme,
  ProbeResponseSchema,
  WatchListenersResponseSchema,
} from './generated/banger/guest/v1/network_pb.ts';
import { listenersFrom, schemesFrom } from './listener-messages.ts';

type List = NonNullable<MessageInitShape<typeof WatchListenersResponseSchema>['listeners']>;

const { TCP } = Protocol;
const fine = { protocol: TCP, address: '0.0.0.0', port: 80, pid: 7, process: 'nginx' };
const read = (listeners: List) => listenersFrom(create(WatchListenersResponseSchema, { listeners }));

suite('what a guest says about its listeners', () => {
  test('is read', () => {
    const { protocol: _, ...same } = fine;

    assert.deepEqual(read([fine]), [{ ...same, protocol: 'tcp' }]);
  });

  test('is no way to write on somebody’s terminal', () => {
    const [listener] = read([{ ...fine, process: `\u001b[2J${'x'.repeat(100)}\n`, pid: -5 }]);

    assert.match(listener?.process ?? '', /^\[2Jx{61}$/);
    assert.equal(listener?.pid, 0);
  });

  const wrong: Readonly<Record<string, List>> = {
    'a port that is none': [{ ...fine, port: 65_536 }],
    'port 0': [{ ...fine, port: 0 }],
    'an address that is none': [{ ...fine, address: 'example.com' }],
    'no protocol': [{ ...fine, protocol: Protocol.UNSPECIFIED }],
    'too many': Array.from({ length: 1001 }, () => fine),
  };
  for (const [name, list] of Object.entries(wrong)) {
    test(`is refused when it has ${name}`, () => {
      assert.throws(() => read(list), { code: 'guest.protocol' });
    });
  }

  test('has as many schemes as were asked for, whatever it sends', () => {
    const answer = create(ProbeResponseSchema, { schemes: [Scheme.HTTPS, Scheme.HTTP, 77 as Scheme] });

    assert.deepEqual(schemesFrom(answer, 2), ['https', 'http']);
    assert.deepEqual(schemesFrom(answer, 4), ['https', 'http', 'other', 'other']);
  });
});
