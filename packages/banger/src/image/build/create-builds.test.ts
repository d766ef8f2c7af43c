import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import type { Directory, FileNode } from '../../rootfs/file-tree.ts';
import { findNode } from '../../rootfs/resolve-path.ts';
import { readInOrder } from './copy/read-in-order.ts';
import { aBuildWorld, build, tarOf, type Script } from './fixtures.ts';

const base = { 'bin/': undefined, 'bin/sh': 'sh', 'etc/passwd': 'root:x:0:0::/:\napp:x:7:8::/:\n' };

suite('a build', () => {
  test('runs each RUN with the environment, user and directory that came before it', async () => {
    await using world = await aBuildWorld();
    await world.base('base', base, { env: ['PATH=/bin', 'A=base'], user: 'app' });

    const { image } = await build(
      world,
      [
        'FROM base',
        'ARG V=1 W',
        'ENV A=$A-$V B="two words"',
        'WORKDIR /srv',
        'WORKDIR app',
        'RUN make $A',
        'USER root',
        'SHELL ["/bin/bash", "-c"]',
        'RUN <<EOF',
        'one',
        'two',
        'EOF',
        'RUN ["/bin/true", "$A"]',
        'CMD exec top',
      ],
      { args: { W: 'given' }, name: 'app' },
    );

    const env = { PATH: '/bin', V: '1', W: 'given', A: 'base-1', B: 'two words' };
    assert.deepEqual(
      world.ran.map(({ argv, user, workingDir }) => ({ argv, user, workingDir })),
      [
        { argv: ['/bin/sh', '-c', 'make $A'], user: 'app', workingDir: '/srv/app' },
        { argv: ['/bin/bash', '-c', 'one\ntwo\n'], user: 'root', workingDir: '/srv/app' },
        { argv: ['/bin/true', '$A'], user: 'root', workingDir: '/srv/app' },
      ],
    );
    assert.deepEqual(world.ran[0]?.env, env);
    assert.equal(image.name, 'app:latest');
    assert.deepEqual(image.config.env, ['PATH=/bin', 'A=base-1', 'B=two words']);
    assert.deepEqual(image.config.cmd, ['/bin/bash', '-c', 'exec top']);
    assert.deepEqual([image.config.workingDir, image.config.user], ['/srv/app', 'root']);
  });

  test('puts what is copied where Docker puts it', async () => {
    await using world = await aBuildWorld();
    await world.base('base', {
      ...base,
      'data/': undefined,
      lib: '-> usr/lib',
      'usr/lib/': undefined,
    });

    await build(
      world,
      [
        'FROM base',
        'WORKDIR /srv',
        'COPY file data',
        'COPY file /data',
        'COPY dir /new',
        'COPY dir/*.txt dir/sub /globbed/',
        'COPY --chown=app --chmod=600 file /deep/er/renamed',
        'COPY tree /',
        'ADD <<EOF /etc/conf',
        'v=$HOME \\$x',
        'EOF',
      ],
      {
        files: {
          ...{
            file: 'F',
            'dir/a.txt': 'A',
            'dir/b.txt': 'B',
            'dir/sub/c': 'C',
            'dir/l': '-> a.txt',
          },
          'tree/lib/x.so': 'X',
        },
      },
    );

    const root = await world.result();
    assert.deepEqual(await shown(root, '/srv'), { data: 'F' });
    assert.deepEqual(await shown(root, '/data'), { file: 'F' });
    assert.deepEqual(await shown(root, '/new'), {
      ...{ 'a.txt': 'A', 'b.txt': 'B', l: '-> a.txt', sub: { c: 'C' } },
    });
    assert.deepEqual(await shown(root, '/globbed'), { 'a.txt': 'A', 'b.txt': 'B', c: 'C' });
    assert.deepEqual(await shown(root, '/usr/lib'), { 'x.so': 'X' });
    const renamed = findNode(root, '/deep/er/renamed');
    assert.deepEqual([renamed?.uid, renamed?.gid, renamed?.mode], [7, 8, 0o600]);
    assert.deepEqual(await contentOf(findNode(root, '/etc/conf')), 'v= $x\n');
  });

  test('runs nothing again that did not change, and all that follows what did', async () => {
    await using world = await aBuildWorld(touches('/made'));
    await world.base('base', base);
    const lines = ['FROM base', 'RUN one', 'COPY a /a', 'RUN two', 'COPY b /b'];

    const cold = await build(world, lines, { files: { a: '1', b: '1' }, name: 'x' });
    const warm = await build(world, lines, { files: { a: '1', b: '1' }, name: 'x' });
    const changedLast = await build(world, lines, { files: { a: '1', b: '2' } });
    const changed = await build(world, lines, { files: { a: '2', b: '2' } });
    const forced = await build(world, lines, { files: { a: '2', b: '2' }, noCache: true });

    assert.deepEqual(cold.cached, []);
    assert.equal(warm.cached.length, 4);
    assert.equal(warm.image.id, cold.image.id);
    assert.deepEqual(changedLast.cached, ['[1/4] RUN one', '[2/4] COPY a /a', '[3/4] RUN two']);
    assert.deepEqual(changed.cached, ['[1/4] RUN one']);
    assert.deepEqual(forced.cached, []);
    assert.deepEqual(
      world.ran.map(({ argv }) => argv.at(-1)),
      ['one', 'two', 'two', 'one', 'two'],
    );
  });

  test('makes a layer again whose blob was thrown away', async () => {
    await using world = await aBuildWorld(touches('/made'));
    await world.base('base', base);
    await build(world, ['FROM base', 'RUN one']);
    await world.blobs.prune({ dryRun: false });

    const { cached } = await build(world, ['FROM base', 'RUN one'], { name: 'other' });

    assert.deepEqual(cached, []);
    assert.equal(world.ran.length, 2);
  });

  test('runs everything again when what it remembers was pruned', async () => {
    await using world = await aBuildWorld(touches('/x'));
    await world.base('base', base);
    await build(world, ['FROM base', 'RUN x']);

    const could = await world.builds.prune({ dryRun: true });
    const gone = await world.builds.prune({ dryRun: false });
    const { cached } = await build(world, ['FROM base', 'RUN x']);

    assert.ok(could.count > 0 && could.bytes > 0);
    assert.deepEqual(gone, could);
    assert.deepEqual([cached, world.ran.length], [[], 2]);
  });

  test('builds the stages that the target needs, and no others', async () => {
    await using world = await aBuildWorld(touches('/out'));
    await world.base('base', base);
    const lines = [
      'FROM base AS build',
      'RUN make',
      'FROM base AS docs',
      'RUN docs',
      'FROM scratch AS app',
      'COPY --from=build /out /bin/app',
      'ENTRYPOINT ["/bin/app"]',
      'FROM docs',
    ];

    const { image } = await build(world, lines, { target: 'app' });

    assert.deepEqual(
      world.ran.map(({ argv }) => argv.at(-1)),
      ['make'],
    );
    assert.deepEqual(await shown(await world.result(), '/'), { bin: { app: 'changed by make' } });
    assert.deepEqual(image.config.entrypoint, ['/bin/app']);
    assert.equal(image.layers.length, 1);
  });

  test('carries out what the base left for its children', async () => {
    await using world = await aBuildWorld();
    await world.base('base', base, { onBuild: ['COPY app /app', 'RUN setup'] });

    const { image } = await build(world, ['FROM base', 'RUN mine'], { files: { app: 'A' } });

    assert.deepEqual(
      world.ran.map(({ argv }) => argv.at(-1)),
      ['setup', 'mine'],
    );
    assert.deepEqual(image.config.onBuild, []);
  });

  test('chooses its base by an argument before FROM', async () => {
    await using world = await aBuildWorld();
    await world.base('base', base);

    await build(world, ['ARG NAME=nothing', 'FROM $NAME', 'ARG NAME', 'RUN echo'], {
      args: { NAME: 'base' },
    });

    assert.equal(world.ran[0]?.env['NAME'], 'base');
  });

  test('unpacks local archives for ADD, and only for it', async () => {
    await using world = await aBuildWorld();
    const inner = tarOf({ 'in/file': 'inside' }, { uid: 5 }).toString('latin1');

    await build(world, ['FROM scratch', 'ADD a.tar /to/', 'COPY a.tar /kept'], {
      files: { 'a.tar': inner },
    });

    const root = await world.result();
    assert.deepEqual(await shown(root, '/to'), { in: { file: 'inside' } });
    assert.equal(findNode(root, '/to/in/file')?.uid, 5);
    assert.equal(findNode(root, '/kept')?.kind, 'file');
  });
});

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
      await world.base('base', base);
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
    await first.base('base', base);
    await build(first, lines, { files });
    assert.ok(calls.length > 20, calls.join('\n'));

    for (const [index, call] of calls.entries()) {
      let count = 0;
      await using world = await aBuildWorld(touches('/x'), () => {
        if (count++ === failAt) throw new Error(`failed at ${call}`);
      });
      await world.base('base', base);
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
    await world.base('base', base);
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
    await world.base('base', base);

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
    await world.base('base', base);

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

  test('go when no build takes them', async () => {
    await using world = await aBuildWorld();
    await world.builds.receive(empty(), new AbortController().signal);
    assert.equal((await readdir(join(world.dir, 'work'))).length, 1);

    await world.clock.advance(11 * 60_000);
    await new Promise((resolve) => setTimeout(resolve, 50));

    assert.deepEqual(await readdir(join(world.dir, 'work')), []);
  });

  test('that are no archive are refused, and leave nothing', async () => {
    await using world = await aBuildWorld();

    await assert.rejects(world.builds.receive(bytes(Buffer.alloc(2000, 'x')), never()), {
      code: 'image.bad_content',
    });

    assert.deepEqual(await readdir(join(world.dir, 'work')), []);
  });
});

function never(): AbortSignal {
  return new AbortController().signal;
}

async function* empty(): AsyncGenerator<Buffer, void> {
  yield* bytes(Buffer.alloc(1024));
}

async function* bytes(chunk: Buffer): AsyncGenerator<Buffer, void> {
  await Promise.resolve();
  yield chunk;
}

function touches(path: string): Script {
  return ({ argv }) =>
    Promise.resolve({ files: { [path.slice(1)]: `changed by ${argv.at(-1) ?? ''}` } });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A directory as an object of names; files by their content. */
function shown(root: Directory, path: string): Promise<unknown> {
  return show(findNode(root, path));
}

async function show(node: FileNode | undefined): Promise<unknown> {
  if (node?.kind === 'symlink') return `-> ${node.target}`;
  if (node?.kind !== 'directory') return contentOf(node);
  const children = await Promise.all(
    [...node.children].map(async ([name, child]) => [name, await show(child)] as const),
  );
  return Object.fromEntries(children);
}

async function contentOf(node: FileNode | undefined): Promise<string | undefined> {
  if (node?.kind !== 'file') return undefined;
  let text = '';
  for await (const { chunks } of readInOrder([node], never())) {
    for await (const chunk of chunks) text += chunk.toString();
  }
  return text;
}
