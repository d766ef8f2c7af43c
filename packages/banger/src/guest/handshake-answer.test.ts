import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { HandshakeAnswer, newGreeting } from './handshake-answer.ts';

const nonce = '0123456789abcdef'.repeat(2);
const line = Buffer.from(`BANGER/1 OK ${nonce} build-1\n`);

suite('the answer to a handshake', () => {
  test('is found after any rubbish, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.integer({ min: 1, max: 97 }), (rubbish, cut) => {
        const bytes = Buffer.concat([rubbish, line]);
        const answer = new HandshakeAnswer(nonce);
        let found: ReturnType<typeof answer.push>;
        for (let at = 0; at < bytes.length; at += cut) {
          found = answer.push(bytes.subarray(at, at + cut));
        }
        assert.equal(found?.agentBuild, 'build-1');
        assert.equal(found.rest.length, 0);
      }),
    );
  });

  test('is not the answer to another nonce, nor one with a build that is no word', () => {
    const other = line.toString().replace(nonce, 'f'.repeat(32));
    const answer = new HandshakeAnswer(nonce);

    assert.equal(answer.push(Buffer.from(other)), undefined);
    assert.equal(answer.push(Buffer.from(`BANGER/1 OK ${nonce} \x1b[31m\n`)), undefined);
    assert.equal(answer.push(Buffer.from(`BANGER/1 OK ${nonce} \n`)), undefined);
    assert.equal(answer.push(line)?.agentBuild, 'build-1');
  });

  test('comes with what was said after it', () => {
    const found = new HandshakeAnswer(nonce).push(Buffer.concat([line, Buffer.from([0, 255])]));

    assert.deepEqual(found?.rest, Buffer.from([0, 255]));
  });

  test('is looked for without keeping what is dropped', () => {
    const answer = new HandshakeAnswer(nonce);

    for (let round = 0; round < 100; round += 1) answer.push(Buffer.alloc(10_000, 0x42));

    assert.ok(answer.droppedBytes > 990_000);
  });

  test('is asked for with one line', () => {
    assert.equal(newGreeting(nonce), `BANGER/1 ${nonce}\n`);
  });
});
