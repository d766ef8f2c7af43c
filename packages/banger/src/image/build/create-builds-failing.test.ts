import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { aBuildWorld, baseFiles, build, touches } from './fixtures.ts';
import { shown } from './tree.fixture.ts';

suite('a build that fails', () => {
  const failing: Record<string, { lines: string[]; message: RegExp; code?: string }> = {
    'a command that ends with another status': {
      lines: ['FROM base', '', 'RUN fail'],
      code: 'build.step_failed',
      message: /^Dockerfile:3: RUN fail ended with 2$/,
    },
    'a source that is not there': {
      lines: ['FROM base', 'COPY missing /'],
      message: /^Dockerfile:2: "missing" is not there$/,
    },
    'a file over a directory': {
      lines: ['FROM base', 'COPY a /x', 'COPY a /x/y'],
      message: /^Dockerfile:3: there is no way to "\/x\/y": not a directory$/,
    },
    'a user that is not there': {
      lines: ['FROM base', 'COPY --chown=nobody a /x'],
      message: /^Dockerfile:2: there is no user "nobody" in \/etc\/passwd of this stage$/,
    },
    'a stage that comes later': {
      lines: ['FROM base', 'COPY --from=late /a /a', 'FROM base AS late'],
      message: /^Dockerfile:2: COPY --from=late: that stage is not before this one$/,
    },
    'a name that hides another one in a layer': {
      lines: ['FROM base', 'COPY a .wh.a /x/'],
      message:
        /^Dockerfile:2: "\/x\/\.wh\.a" cannot be copied: in a layer, \.wh\. at the beginning/,
    },
    'another platform': {
      lines: ['FROM --platform=linux/s390x base'],
      message: /^Dockerfile:1: FROM --platform=linux\/s390x is not supported/,
    },
    'an archive that cannot be unpacked': {
      lines: ['FROM base', 'ADD x.txz /'],
      message: /^Dockerfile:2: ADD of "x.txz" is not supported: it is compressed by xz/,
    },
  };
  for (const [what, { lines, message, code = 'build.invalid' }] of Object.entries(failing)) {
    test(`says where: ${what}`, async () => {
      await using world = await aBuildWorld(() => Promise.resolve({ exitCode: 2 }));
      await world.base('base', baseFiles);
      const files = { a: 'A', '.wh.a': '', 'x.txz': '\xfd7zXZ\0' };

      await assert.rejects(build(world, lines, { files }), { code, message });

      assert.deepEqual(await readdir(join(world.dir, 'work')), []);
    });
  }

  test('at any call leaves nothing, and is whole when it is built again', async () => {
    const lines = ['FROM base AS one', 'RUN x', 'FROM base', 'COPY a /a', 'COPY --from=one /x /x'];
    const files = { a: 'A' };
    const calls: string[] = [];
    let failAt = Infinity;
    await using first = await aBuildWorld(touches('/x'), (...call) => calls.push(call.join(' ')));
    await first.base('base', baseFiles);
    await build(first, lines, { files });
    assert.ok(calls.length > 20, calls.join('\n'));

    for (const [index, call] of calls.entries()) {
      let count = 0;
      await using world = await aBuildWorld(touches('/x'), () => {
        if (count++ === failAt) throw new Error(`failed at ${call}`);
      });
      await world.base('base', baseFiles);
      failAt = index;

      await assert.rejects(build(world, lines, { files }), { message: `failed at ${call}` });

      assert.deepEqual(await readdir(join(world.dir, 'work')), [], call);
      failAt = Infinity;
      await build(world, lines, { files });
      assert.deepEqual(await shown(await world.result(), '/x'), 'changed by x', call);
    }
  });

  test('begins where it failed when it is built again', async () => {
    let isBroken = true;
    await using world = await aBuildWorld(({ argv }) =>
      Promise.resolve({ exitCode: isBroken && argv.includes('two') ? 1 : 0, files: { x: 'x' } }),
    );
    await world.base('base', baseFiles);
    const lines = ['FROM base', 'RUN one', 'RUN two'];
    await assert.rejects(build(world, lines), { code: 'build.step_failed' });
    isBroken = false;

    const { cached } = await build(world, lines);

    assert.deepEqual(cached, ['[1/2] RUN one']);
  });

  test('ends the other stages, and has ended when they have', async () => {
    const ended: string[] = [];
    await using world = await aBuildWorld(async ({ argv }, signal) => {
      if (argv.includes('fails')) return { exitCode: 1 };
      await aborted(signal);
      ended.push('slow');
      throw signal.reason;
    });
    await world.base('base', baseFiles);

    await assert.rejects(
      build(world, [
        ...['FROM base AS slow', 'RUN waits', 'FROM base AS fast', 'RUN fails'],
        ...['FROM scratch', 'COPY --from=slow /a /a', 'COPY --from=fast /a /a'],
      ]),
      { code: 'build.step_failed', message: /RUN fails/ },
    );

    assert.deepEqual(ended, ['slow']);
  });

  test('by its caller leaves nothing, with the caller’s own reason', async () => {
    const caller = new AbortController();
    await using world = await aBuildWorld(async (_step, signal) => {
      caller.abort(new Error('interrupted'));
      await aborted(signal);
      throw signal.reason;
    });
    await world.base('base', baseFiles);

    await assert.rejects(
      build(world, ['FROM base', 'RUN x'], { files: {}, signal: caller.signal }),
      {
        message: 'interrupted',
      },
    );

    assert.deepEqual(await readdir(join(world.dir, 'work')), []);
    assert.equal((await world.images.list()).length, 1);
  });
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
