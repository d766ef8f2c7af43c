import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createRouterTransport } from '@connectrpc/connect';

import { createFakeClock } from '../host/fake-clock.ts';
import { createBuildsClient } from './builds-client.ts';
import { explainCall } from './call-errors.ts';
import { BuildService } from './generated/banger/guest/v1/build_pb.ts';
import { FileFailure_Reason as Reason } from './generated/banger/guest/v1/files_pb.ts';

type Answer = Parameters<typeof answersWith>[0][number];

const { signal: never } = new AbortController();
const data = { case: 'data', value: new Uint8Array(512) } as const;

/** Sends these and then nothing, without an end of its own. */
function answersWith(
  kinds: readonly (
    | typeof data
    | { readonly case: undefined }
    | { readonly case: 'failure'; readonly value: { reason: Reason; message: string } }
  )[],
) {
  const clock = createFakeClock();
  const transport = createRouterTransport(({ service }) => {
    service(BuildService, {
      async *takeLayer() {
        for (const kind of kinds) yield { kind };
        await new Promise(() => undefined);
      },
    });
  });
  const explain = (error: unknown, verb: string, signal: AbortSignal) =>
    explainCall(error, { verb, signal, lost: never });
  return { clock, builds: createBuildsClient({ transport, clock, lost: never, explain }) };
}

suite('the client of BuildService', () => {
  test('gives up on a guest that sends nothing, and not on a reader that takes its time', async () => {
    const { clock, builds } = answersWith([data]);
    const layer = builds.takeLayer({ maxBytes: 1024 }, never);
    await layer.next();
    await clock.advance(600_000);

    const late = layer.next();
    late.catch(() => undefined);
    await clock.advance(100_000);
    await clock.advance(100_000);

    await assert.rejects(late, {
      code: 'guest.unreachable',
      message: 'The guest sent nothing of its layer for 120 s',
    });
  });

  const refused: readonly (readonly [string, readonly Answer[], object])[] = [
    ['goes on without an end', [data, data, data], { code: 'guest.protocol', message: /more than/ }],
    ['says nothing', [{ case: undefined }], { code: 'guest.protocol', message: /out of turn/ }],
    [
      'has what cannot be in a layer',
      [{ case: 'failure', value: { reason: Reason.BAD_ARCHIVE, message: '"/.wh.x" cannot be' } }],
      { code: 'image.bad_content', message: '"/.wh.x" cannot be' },
    ],
    [
      'could not write all of it',
      [data, { case: 'failure', value: { reason: Reason.OTHER, message: 'cannot write "/"' } }],
      { code: 'guest.refused' },
    ],
  ];
  for (const [what, kinds, error] of refused) {
    test(`takes no layer of a guest that ${what}`, async () => {
      const { builds } = answersWith(kinds);

      const taking = Array.fromAsync(builds.takeLayer({ maxBytes: 1024 }, never));

      await assert.rejects(taking, error);
    });
  }
});
