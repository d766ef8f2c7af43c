import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { create, type MessageInitShape } from '@bufbuild/protobuf';

import { AttachAnswers } from './attach-answers.ts';
import {
  type AttachSessionResponse,
  AttachSessionResponseSchema,
  LostOutput_Cause as Cause,
  OutputStream,
  SessionSchema,
} from './generated/banger/guest/v1/sessions_pb.ts';
import type { GuestAttach } from './guest-sessions.ts';
import { sessionFrom, sessionsFrom } from './session-messages.ts';

type Kind = NonNullable<MessageInitShape<typeof AttachSessionResponseSchema>['kind']>;

const request: GuestAttach = { session: 'web', follow: true, from: { stdout: 10, stderr: 0 } };
const aSession = create(SessionSchema, { id: 'ses_0123456789abcdef', name: 'web' });

suite('what an agent says of a session', () => {
  test('is read where it is in order', () => {
    const answers = new AttachAnswers(attached(), request);

    const read = [
      answers.take(output(10n, 'hello')),
      answers.take(lost(15n, 20n)),
      answers.take(output(20n, '!')),
      answers.take(say({ case: 'inputTaken', value: 3n })),
      answers.take(say({ case: 'ended', value: aSession })),
    ];

    assert.deepEqual(
      read.map(({ kind }) => kind),
      ['output', 'lost', 'output', 'taken', 'ended'],
    );
  });

  const beginnings: Readonly<Record<string, AttachSessionResponse | undefined>> = {
    'there is nothing': undefined,
    'it begins with output': output(10n, 'x'),
    'it begins elsewhere': attached({ position: { stdout: 9n, stderr: 0n } }),
    'nobody asked to write': attached({ isWriter: true }),
    'it has no session': say({ case: 'attached', value: {} }),
  };
  for (const [name, first] of Object.entries(beginnings)) {
    test(`is refused at its beginning when ${name}`, () => {
      assert.throws(() => new AttachAnswers(first, request), { code: 'guest.protocol' });
    });
  }

  const disorders: Readonly<Record<string, AttachSessionResponse>> = {
    'output goes back': output(9n, 'x'),
    'output leaves a gap': output(11n, 'x'),
    'output is of no stream': output(10n, 'x', OutputStream.UNSPECIFIED),
    'output is empty': output(10n, ''),
    'output is too long': output(10n, 'x'.repeat(65_537)),
    'an offset is beyond all numbers': output(2n ** 63n, 'x'),
    'what is lost begins elsewhere': lost(0n, 20n),
    'what is lost is nothing': lost(10n, 10n),
    'what is lost ends before it begins': lost(10n, 5n),
    'what is lost has no cause': lost(10n, 20n, Cause.UNSPECIFIED),
    'input is given back': say({ case: 'inputTaken', value: 1n }),
    'it stops following': say({ case: 'caughtUp', value: aSession }),
    'it begins again': attached(),
    'it says nothing': say({ case: undefined }),
  };
  for (const [name, message] of Object.entries(disorders)) {
    test(`is refused when ${name}`, () => {
      const answers = new AttachAnswers(attached({ inputTaken: 2n }), request);

      assert.throws(() => answers.take(message), { code: 'guest.protocol' });
    });
  }
});

suite('a session as an agent describes it', () => {
  const impossible: Readonly<Record<string, MessageInitShape<typeof SessionSchema>>> = {
    'a name that is none': { name: '../../etc' },
    'a name that moves the cursor': { name: '\x1b[2J' },
    'an id that is none': { id: 'ses_1' },
    'an exit beyond 255': { exit: { code: 256 } },
    'a signal beyond 64': { exit: { signal: 65 } },
    'an end before its beginning': { stdout: { start: 2n, end: 1n } },
    'a time that never comes': { startedUnixNs: -(2n ** 62n) },
    'too many arguments': { argv: Array.from({ length: 5000 }, () => 'x') },
  };
  for (const [name, part] of Object.entries(impossible)) {
    test(`is refused with ${name}`, () => {
      const message = create(SessionSchema, { id: aSession.id, name: 'web', ...part });

      assert.throws(() => sessionFrom(message), { code: 'guest.protocol' });
    });
  }

  test('is harmless on a terminal', () => {
    const argv = ['echo', '\x1b[2J', 'x'.repeat(10_000)];

    const session = sessionFrom(create(SessionSchema, { id: aSession.id, name: 'web', argv }));

    assert.deepEqual(session.argv.slice(0, 2), ['echo', '?[2J']);
    assert.ok((session.argv[2]?.length ?? 0) < 5000);
  });

  test('is one of not too many', () => {
    const million = Array.from({ length: 1_000_000 }, () => aSession);

    assert.throws(() => sessionsFrom(million), { code: 'guest.protocol' });
  });
});

function say(kind: Kind): AttachSessionResponse {
  return create(AttachSessionResponseSchema, { kind });
}

function attached(part: object = {}): AttachSessionResponse {
  const position = { stdout: 10n, stderr: 0n };
  return say({ case: 'attached', value: { session: aSession, position, ...part } });
}

function output(offset: bigint, text: string, stream: OutputStream = OutputStream.STDOUT): AttachSessionResponse {
  return say({ case: 'output', value: { stream, offset, bytes: Buffer.from(text) } });
}

function lost(start: bigint, end: bigint, cause: Cause = Cause.OVERWRITTEN): AttachSessionResponse {
  return say({ case: 'lost', value: { stream: OutputStream.STDOUT, start, end, cause } });
}
