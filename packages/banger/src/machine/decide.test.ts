import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { VmState } from '@banger/protocol/vm';

import { decide, type VmRequest } from './decide.ts';

const states: readonly VmState[] = [
  { name: 'created' },
  { name: 'starting' },
  { name: 'running' },
  { name: 'stopping' },
  { name: 'stopped' },
  { name: 'deleting' },
  { name: 'error', reason: 'x', leftovers: [] },
  { name: 'error', reason: 'x', leftovers: ['launch-vmm'] },
];

/** One column per state above: go to a state, already so (=), or denied (-). */
const table: Record<VmRequest, readonly string[]> = {
  start: ['starting', '-', '=', '-', 'starting', '-', 'starting', '-'],
  stop: ['=', 'stopping', 'stopping', 'stopping', '=', '-', '=', '='],
  kill: ['-', 'stopping', 'stopping', 'stopping', '-', '-', '-', '-'],
  delete: [
    'deleting',
    'deleting',
    'deleting',
    'deleting',
    'deleting',
    'deleting',
    'deleting',
    'deleting',
  ],
  change: ['created', '-', '-', '-', 'stopped', '-', 'error', 'error'],
};

suite('decisions', () => {
  for (const [request, outcomes] of Object.entries(table)) {
    for (const [index, state] of states.entries()) {
      test(`${request} in state ${state.name} (${String(index)})`, () => {
        const decision = decide(state, request as VmRequest);

        const outcome =
          decision.kind === 'go' ? decision.next.name : decision.kind === 'already' ? '=' : '-';
        assert.equal(outcome, outcomes[index]);
      });
    }
  }
});
