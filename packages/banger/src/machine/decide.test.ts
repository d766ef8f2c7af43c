import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { VmState } from '@banger/protocol/vm';

import { decide, type VmRequest } from './decide.ts';

const states: readonly VmState[] = [
  { name: 'created' },
  { name: 'starting' },
  { name: 'running' },
  { name: 'paused' },
  { name: 'suspending' },
  { name: 'suspended' },
  { name: 'restoring', snapshot: 'x' },
  { name: 'stopping' },
  { name: 'stopped' },
  { name: 'deleting' },
  { name: 'error', reason: 'x', leftovers: [] },
  { name: 'error', reason: 'x', leftovers: ['launch-vmm'] },
];

/** One word per state above: the state to go to, already so (=), or denied (-). */
const table: Record<VmRequest, string> = {
  start: 'starting - = - - starting - - starting - starting -',
  stop: '= stopping stopping stopping stopping - - stopping = - = =',
  kill: '- stopping stopping stopping stopping stopping stopping stopping - - - -',
  delete: Array.from(states, () => 'deleting').join(' '),
  change: 'created - - - - - - - stopped - error error',
  'change-live': 'created - running paused - suspended - - stopped - error error',
  pause: '- - paused = - - - - - - - -',
  resume: '- - = running - - - - - - - -',
  suspend: '- - suspending suspending - = - - - - - -',
  snapshot: '- - running paused - - - - - - - -',
  fork: '- - running paused - - - - - - - -',
  restore: '- - running paused - suspended - - stopped - error error',
};

suite('decisions', () => {
  for (const [request, outcomes] of Object.entries(table)) {
    for (const [index, state] of states.entries()) {
      test(`${request} in state ${state.name} (${String(index)})`, () => {
        const decision = decide(state, request as VmRequest);

        const outcome =
          decision.kind === 'go' ? decision.next.name : decision.kind === 'already' ? '=' : '-';
        assert.equal(outcome, outcomes.split(' ')[index]);
      });
    }
  }

  test('a refusal says what to do instead', () => {
    const denied = decide({ name: 'paused' }, 'start');
    assert.deepEqual(denied, {
      kind: 'deny',
      because: 'it is paused',
      hint: 'banger vm resume VM',
    });
  });
});
