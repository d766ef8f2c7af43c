import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { hostPortText } from '@banger/protocol/host-port';

import { parseHostPort } from './parse-host-port.ts';

suite('an address with a port', () => {
  for (const text of ['127.0.0.1:42069', '0.0.0.0:0', '[::1]:53', '10.0.0.1:65535']) {
    test(`is ${text}`, () => {
      const parsed = parseHostPort(text);

      assert.ok(parsed);
      assert.equal(hostPortText(parsed), text);
    });
  }

  for (const text of [
    '',
    '53',
    '127.0.0.1',
    '127.0.0.1:',
    '::1:53',
    '[127.0.0.1]:53',
    '1.2.3:4',
    '127.0.0.1:65536',
    'localhost:53',
  ]) {
    test(`is not "${text}"`, () => assert.equal(parseHostPort(text), undefined));
  }
});
