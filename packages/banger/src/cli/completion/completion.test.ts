import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createCli, withVms } from '../fixtures.ts';
import { splitLine } from './split-line.ts';

const first = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0] ?? '');

suite('completion', () => {
  for (const [words, expected] of [
    [['vm', 'ex'], ['exec']],
    [['vm', 'snap'], ['snapshot']],
    [['im'], ['image']],
    [['help', 'vm', 'snap'], ['snapshot']],
    [['vm', 'run', '--no-te'], ['--no-template']],
    [['run', '--vm'], ['--vmm']],
    [['run', '--vmm', 'q'], ['qemu']],
    [['run', '--vmm=q'], ['--vmm=qemu']],
    [['vm', 'kill', '--signal', 'SIGK'], ['SIGKILL']],
    [['--verb'], ['--verbose']],
    [['vm', 'exec', 'web', '--', 'l'], []],
    [['vm', 'create', '--name', ''], []],
    [['no', 'such', 'th'], []],
    [
      ['vm', 'delete', ''],
      ['other', 'web'],
    ],
    [['vm', 'delete', 'web', 'o'], ['other']],
    [['vm', 'exec', '--user', 'root', 'w'], ['web']],
    [['vm', 'exec', 'web', ''], []],
    [['exec', 'w'], ['web']],
    [['vm', 'start', ''], []],
  ] as const) {
    test(`of "banger ${words.join(' ')}" is ${expected.join(', ') || 'nothing'}`, async () => {
      await using cli = await withVms('web', 'other');

      const { status, stdout, stderr } = await cli.run(['__complete', '--', ...words]);

      assert.deepEqual([status, stderr], [0, '']);
      assert.deepEqual(first(stdout).toSorted(), expected);
    });
  }

  test('explains every verb and flag', async () => {
    await using cli = await createCli();

    const verbs = await cli.run(['__complete', '--', 'vm', '']);
    const flags = await cli.run(['__complete', '--', 'vm', 'exec', '--']);

    assert.match(verbs.stdout, /^exec\tRun a command in a running VM$/m);
    assert.match(flags.stdout, /^--timeout\tKill the command after this long$/m);
    for (const line of [...verbs.stdout.trimEnd().split('\n')]) assert.match(line, /\t./);
  });

  test('reads a line as a shell would', async () => {
    await using cli = await withVms('web');

    const { stdout } = await cli.run(['__complete', '--line=./bin/banger vm "exec"  w']);

    assert.deepEqual(first(stdout), ['web']);
    assert.deepEqual(splitLine(`a "b c" 'd\\' e\\ f "g`), ['a', 'b c', 'd\\', 'e f', 'g']);
    assert.deepEqual(splitLine('a '), ['a', '']);
  });

  test('of names is silent without a daemon, and starts none', async () => {
    await using cli = await withVms('web');
    await cli.daemon.stop();

    const { status, stdout, stderr } = await cli.run(['__complete', '--', 'vm', 'exec', '']);

    assert.deepEqual([status, stdout, stderr], [0, '', '']);
  });

  test('has a script for four shells, and no other', async () => {
    await using cli = await createCli();

    for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
      assert.match((await cli.run(`completion ${shell}`)).stdout, /__complete/);
    }
    const { status, stderr } = await cli.run('completion tcsh');
    assert.equal(status, 2);
    assert.match(stderr, /"tcsh" is not one of bash, zsh, fish, powershell/);
  });
});
