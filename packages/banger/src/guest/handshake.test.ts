import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { suite, test } from 'node:test';

import { createFakeClock } from '../host/fake-clock.ts';
import { shakeHands } from './handshake.ts';

const { signal: never } = new AbortController();

suite('the handshake with a guest agent', () => {
  test('reads a stream that was left paused by who opened it', async () => {
    const [host, guest] = duplexPair();
    host.pause();
    guest.once('data', (line: Buffer) => {
      const nonce = line.toString().split(/\s/)[1] ?? '';
      guest.write(`BANGER/1 OK ${nonce} build-1\n`);
    });

    assert.equal(await shakeHands(host, createFakeClock(), never), 'build-1');
    assert.ok(host.isPaused());
  });
});
