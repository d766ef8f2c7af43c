import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { findNode } from '../../rootfs/resolve-path.ts';
import { aBuildWorld, baseFiles, build, tarOf, touches } from './fixtures.ts';
import { contentOf, shown } from './tree.fixture.ts';

suite('a build', () => {
  test('runs each RUN with the environment, user and directory that came before it', async () => {
    await using world = await aBuildWorld();
    await world.base('base', baseFiles, { env: ['PATH=/bin', 'A=base'], user: 'app' });

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
      ...baseFiles,
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
    await world.base('base', baseFiles);
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
    await world.base('base', baseFiles);
    await build(world, ['FROM base', 'RUN one']);
    await world.blobs.prune({ dryRun: false });

    const { cached } = await build(world, ['FROM base', 'RUN one'], { name: 'other' });

    assert.deepEqual(cached, []);
    assert.equal(world.ran.length, 2);
  });

  test('runs everything again when what it remembers was pruned', async () => {
    await using world = await aBuildWorld(touches('/x'));
    await world.base('base', baseFiles);
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
    await world.base('base', baseFiles);
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
    await world.base('base', baseFiles, { onBuild: ['COPY app /app', 'RUN setup'] });

    const { image } = await build(world, ['FROM base', 'RUN mine'], { files: { app: 'A' } });

    assert.deepEqual(
      world.ran.map(({ argv }) => argv.at(-1)),
      ['setup', 'mine'],
    );
    assert.deepEqual(image.config.onBuild, []);
  });

  test('chooses its base by an argument before FROM', async () => {
    await using world = await aBuildWorld();
    await world.base('base', baseFiles);

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
