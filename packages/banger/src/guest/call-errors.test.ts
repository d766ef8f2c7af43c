import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { Code, ConnectError } from '@connectrpc/connect';

import { explainCall } from './call-errors.ts';

const { signal: never } = new AbortController();

suite('a failed call to the agent', () => {
  test('that the agent does not know says how to get one that does', () => {
    const error = new ConnectError('HTTP 404', Code.Unimplemented);

    const explained = explainCall(error, { verb: 'list sessions', signal: never, lost: never });

    assert.partialDeepStrictEqual(Object.assign({}, explained), {
      code: 'guest.refused',
      hint: 'banger vm restart VM',
    });
    assert.match(String(explained), /cannot list sessions: it was started by another version/);
  });
});
