import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { aBuildWorld, build } from './fixtures.ts';

suite('the files of a build', () => {
  test('are for one build', async () => {
    await using world = await aBuildWorld();
    const lines = ['FROM scratch', 'COPY . /'];
    const { signal } = new AbortController();
    const sent = await world.builds.receive(empty(), signal);
    await build(world, lines, { context: sent.context });

    await assert.rejects(build(world, lines, { context: sent.context }), {
      code: 'build.no_context',
    });
  });

  test('go when no build takes them', { timeout: 60_000 }, async () => {
    await using world = await aBuildWorld();
    await world.builds.receive(empty(), new AbortController().signal);
    assert.equal((await readdir(join(world.dir, 'work'))).length, 1);

    await world.clock.advance(11 * 60_000);

    while ((await readdir(join(world.dir, 'work'))).length > 0) await pause(5);
  });

  test('that are no archive are refused, and leave nothing', async () => {
    await using world = await aBuildWorld();

    await assert.rejects(world.builds.receive(bytes(Buffer.alloc(2000, 'x')), never()), {
      code: 'image.bad_content',
    });

    assert.deepEqual(await readdir(join(world.dir, 'work')), []);
  });
});

async function* empty(): AsyncGenerator<Buffer, void> {
  yield* bytes(Buffer.alloc(1024));
}

async function* bytes(chunk: Buffer): AsyncGenerator<Buffer, void> {
  await Promise.resolve();
  yield chunk;
}

function never(): AbortSignal {
  return new AbortController().signal;
}
