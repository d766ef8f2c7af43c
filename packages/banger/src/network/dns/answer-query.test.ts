import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { AUTHORITATIVE_ANSWER, decode, encode, RECURSION_DESIRED, type Packet } from 'dns-packet';
import fc from 'fast-check';

import { answerQuery, PLAIN_UDP_BYTES } from './answer-query.ts';
import { PROBE_ADDRESS, PROBE_NAME } from './zone.ts';

const book: Readonly<Record<string, string>> = { web: '127.77.1.2' };
const options = { addressOf: (name: string) => book[name], maxBytes: PLAIN_UDP_BYTES };

function ask(name: string, type = 'A', more: Packet = {}) {
  const question = { name, type: type as 'A' };
  const answer = answerQuery(
    encode({ type: 'query', id: 7, questions: [question], ...more }),
    options,
  );
  assert.ok(answer, 'it was dropped');
  const decoded = decode(answer) as ReturnType<typeof decode> & { readonly rcode: string };
  assert.equal(decoded.id, 7);
  assert.ok(decoded.flag_qr);
  return decoded;
}

suite('the name server', () => {
  test('knows a VM by its name', () => {
    const { answers, rcode, flag_aa } = ask('web.vm');

    assert.equal(rcode, 'NOERROR');
    assert.ok(flag_aa);
    assert.deepEqual(
      answers?.map((record) => ({ ...record })),
      [{ name: 'web.vm', type: 'A', ttl: 1, class: 'IN', flush: false, data: '127.77.1.2' }],
    );
  });

  test('answers in the case it was asked in', () => {
    const { questions, answers } = ask('wEb.Vm');

    assert.equal(questions?.[0]?.name, 'wEb.Vm');
    assert.equal(answers?.[0]?.name, 'wEb.Vm');
  });

  test('takes a name under a VM’s for the VM', () => {
    assert.equal(ask('api.v1.web.vm').answers?.length, 1);
  });

  test('says that an unknown name does not exist, and how long that holds', () => {
    const { rcode, answers, authorities, flag_aa } = ask('nope.vm');

    assert.equal(rcode, 'NXDOMAIN');
    assert.ok(flag_aa);
    assert.equal(answers?.length, 0);
    assert.equal(authorities?.[0]?.type, 'SOA');
  });

  for (const type of ['AAAA', 'MX', 'TXT', 'UNKNOWN_65']) {
    test(`has nothing of type ${type} for a VM, which exists all the same`, () => {
      const { rcode, answers, authorities } = ask('web.vm', type);

      assert.equal(rcode, 'NOERROR');
      assert.equal(answers?.length, 0);
      assert.equal(authorities?.[0]?.type, 'SOA');
    });
  }

  test('says nothing of names outside of the zone', () => {
    for (const name of ['example.com', 'vm.example.com', 'webvm', '.']) {
      const { rcode, answers, flag_aa } = ask(name);

      assert.equal(rcode, 'REFUSED', name);
      assert.equal(answers?.length, 0);
      assert.ok(!flag_aa);
    }
  });

  test('describes the zone itself', () => {
    assert.equal(ask('vm', 'SOA').answers?.[0]?.type, 'SOA');
    assert.equal(ask('vm').rcode, 'NOERROR');
  });

  test('answers for the name that shows whether it is asked at all', () => {
    const [record] = ask(PROBE_NAME).answers ?? [];

    assert.equal(record?.type === 'A' && record.data, PROBE_ADDRESS);
  });

  test('repeats that recursion was wished for, and offers none', () => {
    const { flag_rd, flag_ra } = ask('web.vm', 'A', { flags: RECURSION_DESIRED });

    assert.ok(flag_rd);
    assert.ok(!flag_ra);
  });

  test('speaks EDNS to those who do', () => {
    const opt = { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] } as const;
    const { additionals } = ask('web.vm', 'A', { additionals: [opt as never] });

    assert.equal(additionals?.[0]?.type, 'OPT');
    assert.equal(ask('web.vm').additionals?.length, 0);
  });

  test('implements queries alone', () => {
    const message = encode({ type: 'query', id: 7, questions: [{ name: 'web.vm', type: 'A' }] });
    message.writeUInt8(message.readUInt8(2) | (5 << 3), 2); // UPDATE

    const answer = answerQuery(message, options);

    assert.ok(answer);
    assert.equal((decode(answer) as { readonly rcode?: string }).rcode, 'NOTIMP');
  });

  test('cuts an answer that is too long for plain UDP, and says so', () => {
    const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(56)}.web.vm`;
    const message = encode({ type: 'query', id: 7, questions: [{ name: long, type: 'A' }] });

    const cut = answerQuery(message, options);
    const whole = answerQuery(message, { ...options, maxBytes: 65_535 });

    assert.ok(cut && cut.length <= PLAIN_UDP_BYTES && decode(cut).flag_tc);
    assert.ok(whole && whole.length > PLAIN_UDP_BYTES && !decode(whole).flag_tc);
  });

  test('drops answers, several questions at once, and none', () => {
    const question = { name: 'web.vm', type: 'A' } as const;
    const dropped: Packet[] = [
      { type: 'response', questions: [question], flags: AUTHORITATIVE_ANSWER },
      { type: 'query', questions: [question, question] },
      { type: 'query', questions: [] },
    ];

    for (const packet of dropped) assert.equal(answerQuery(encode(packet), options), undefined);
  });

  test('survives whatever it is sent', () => {
    const whole = encode({ type: 'query', id: 7, questions: [{ name: 'web.vm', type: 'A' }] });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(whole.length), (bytes, cut) => {
        answerQuery(Buffer.from(bytes), options);
        answerQuery(Buffer.concat([whole.subarray(0, cut), bytes]), options);
      }),
    );
  });
});
