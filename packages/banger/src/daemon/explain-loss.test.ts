import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';
import { Workspace } from '@banger/protocol/workspace';

import { anOperation, aRequest, createFakeWorld } from '../machine/fake-world.ts';
import { explainLoss } from './explain-loss.ts';

suite('why a command could not be run', () => {
  test('when the workspace that it was to run in is gone, the way out runs no command there', async () => {
    const vm = await createFakeWorld().daemon().machines.create(aRequest(), anOperation());
    const workspace = Workspace.parse({
      ...{ hostPath: '/src', guestPath: '/root/repo', mode: 'shallow', readOnly: false },
      ...{ commit: null, branch: null, hostCommit: null, ownBranch: null, from: null },
      ...{ includeUntracked: false, preparedAt: new Date(0).toISOString() },
    });
    vm.save({ workspace }, anOperation().id);
    const gone = new BangerError('exec.invalid', 'cannot enter the working directory', {
      hint: 'mkdir -p /root/repo   # in the guest',
      details: { cwd: '/root/repo' },
    });

    const request = { argv: ['ls'], env: {}, stdin: false, cwd: '/root/repo' };
    const { code, hint } = await explainLoss(gone, { vm, request });

    assert.equal(code, 'exec.invalid');
    assert.match(hint ?? '', /^banger vm workspace prepare \S+ {3}# or, .*--cwd \/root$/);
  });
});
