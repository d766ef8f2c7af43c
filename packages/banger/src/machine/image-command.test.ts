import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ImageConfig, type ImageRun, noImageConfig } from '@banger/protocol/image-config';
import { ExecRequest } from '@banger/protocol/exec';

import { aPlan, aRecord } from './fixtures.ts';
import { imageCommand, signalNumber } from './image-command.ts';
import { imageRun } from './image-run.ts';

const nginx: Partial<ImageRun> = {
  entrypoint: ['/entry.sh'],
  cmd: ['nginx', '-g', 'daemon off;'],
  env: ['PATH=/opt/bin:/bin', 'A=1', 'nonsense', '=x', 'A=2=3'],
  user: 'web:www',
  workingDir: '/srv',
  stopSignal: 'SIGQUIT',
};

function command(config: Partial<ImageRun>, request: object, workspacePath?: string) {
  const plan = { ...aPlan(), imageRun: imageRun('nginx', ImageConfig.parse(config)) };
  const workspace = workspacePath === undefined ? null : aWorkspace(workspacePath);
  return imageCommand(aRecord({ plan, workspace }), ExecRequest.parse(request));
}

function aWorkspace(guestPath: string) {
  return {
    ...{ guestPath, hostPath: '/home/me/repo', hostCommit: null, mode: 'shallow', branch: null },
    ...{ commit: null, baseCommit: null, readOnly: false, preparedAt: '2026-01-01T00:00:00Z' },
  } as never;
}

suite('a command in a VM', () => {
  test('has the environment, user and directory of the image, and its own above them', () => {
    const { env, user, imageDir, cwd, argv, stopSignal } = command(nginx, {
      ...{ argv: ['id'], env: { A: 'mine', B: '' } },
    });

    assert.deepEqual(env, { PATH: '/opt/bin:/bin', A: 'mine', B: '' });
    assert.deepEqual([user, imageDir, cwd], ['web:www', '/srv', undefined]);
    assert.deepEqual([argv, stopSignal], [['id'], undefined]);
    const other = command(nginx, { argv: ['id'], user: '7', cwd: '/tmp' });
    assert.deepEqual([other.user, other.cwd, other.imageDir], ['7', '/tmp', undefined]);
  });

  test("is root's in a workspace, which lies in root's home", () => {
    const { user, cwd, imageDir } = command(nginx, { argv: ['make'] }, '/root/repo');
    assert.deepEqual([user, cwd, imageDir], [undefined, '/root/repo', undefined]);
    assert.equal(command(nginx, { argv: ['make'], user: 'web' }, '/root/repo').user, 'web');
  });

  const cases = [
    ['the entrypoint before it', { argv: ['-t'], entrypoint: true }, ['/entry.sh', '-t']],
    ['what the image runs', { entrypoint: true }, ['/entry.sh', 'nginx', '-g', 'daemon off;']],
    ['another entrypoint, without the CMD', { entrypoint: ['sh'] }, ['sh']],
    ['another entrypoint before it', { argv: ['x'], entrypoint: ['sh', '-c'] }, ['sh', '-c', 'x']],
    ['a cleared entrypoint', { argv: ['x'], entrypoint: [] }, ['x']],
  ] as const;
  for (const [what, request, argv] of cases) {
    test(`as the image's main process has ${what}, and the image's stop signal`, () => {
      const made = command(nginx, request);
      assert.deepEqual([made.argv, made.stopSignal, made.isShell], [argv, 3, false]);
    });
  }

  test('is a login shell only where the image has no environment of its own', () => {
    assert.equal(command({}, {}).argv[2], 'exec "${SHELL:-/bin/sh}" -l');
    assert.equal(command(nginx, {}).argv[2], 'exec "${SHELL:-/bin/sh}"');
    assert.ok(command({}, {}).isShell);
  });

  test('begins in "/" where the image says how it is run and not where', () => {
    assert.equal(command({ cmd: ['sh'] }, { argv: ['ls'] }).imageDir, '/');
    assert.equal(command({ workingDir: 'app' }, { argv: ['ls'] }).imageDir, '/app');
    assert.equal(command({}, { argv: ['ls'] }).imageDir, undefined);
  });

  test('is as it is in a VM of before images said anything', () => {
    const made = imageCommand(aRecord(), ExecRequest.parse({ argv: ['ls'], entrypoint: true }));
    assert.deepEqual([made.argv, made.env, made.user], [['ls'], {}, undefined]);
  });

  test('is refused where an image does not say what it runs', () => {
    const hint = 'banger vm run --image debian-bookworm-slim -- COMMAND';
    assert.throws(() => command({}, { entrypoint: true }), { code: 'image.no_entrypoint', hint });
    assert.throws(() => command(nginx, { entrypoint: [] }), { code: 'image.no_entrypoint', hint });
  });
});

suite('a stop signal', () => {
  test('is a name, a number, or counted from the real-time ones', () => {
    const known = {
      SIGQUIT: 3,
      quit: 3,
      'SIGRTMIN+3': 37,
      RTMIN: 34,
      'RTMAX-1': 63,
      '9': 9,
      SIGWINCH: 28,
    };
    for (const [text, number] of Object.entries(known)) assert.equal(signalNumber(text), number);
  });

  test('that Linux does not have is none', () => {
    for (const text of [
      null,
      '',
      'SIGNONE',
      '0',
      '65',
      'RTMIN+40',
      'RTMAX+1',
      'SIGRTMIN-99',
      '-9',
    ]) {
      assert.equal(signalNumber(text), undefined);
    }
  });
});

suite('what a machine keeps of an image', () => {
  test('is what it takes to run it, within what Linux takes', () => {
    assert.deepEqual(Object.keys(imageRun('nginx', noImageConfig)), [
      ...['entrypoint', 'cmd', 'env', 'user', 'workingDir', 'stopSignal'],
    ]);
    const code = 'image.bad_content';
    const large = Array.from(
      { length: 600 },
      (_, index) => `V${String(index)}=${'x'.repeat(1000)}`,
    );
    assert.throws(() => command({ env: large }, { argv: ['ls'] }), { code });
    assert.throws(() => command({ cmd: ['a\0b'] }, { argv: ['ls'] }), { code });
  });
});
