import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { create, type MessageInitShape } from '@bufbuild/protobuf';

import { ExecAnswers } from './exec-answers.ts';
import { type ExecFailure_Reason, ExecResponseSchema } from './generated/banger/guest/v1/guest_pb.ts';

type Kind = MessageInitShape<typeof ExecResponseSchema>['kind'];

const request = { argv: ['tool'], env: {}, stdin: false };
const started: Kind = { case: 'started', value: { pid: 7 } };
const output: Kind = { case: 'stdout', value: new Uint8Array([1]) };
const exit = (code: number, signal = 0): Kind => ({ case: 'exit', value: { code, signal } });
const failure = (reason: number): Kind => ({
  case: 'failure',
  value: { reason: reason as ExecFailure_Reason, message: 'why' }, // A guest may send any number.
});

async function read(...kinds: readonly Kind[]) {
  const answers = new ExecAnswers(request, { onOutput: () => undefined });
  for (const kind of kinds) {
    await answers.take(create(ExecResponseSchema, kind === undefined ? {} : { kind }));
  }
  return answers.end();
}

suite('the answers about a command', () => {
  test('end with the exit', async () => {
    assert.deepEqual(await read(started, output, exit(3)), { kind: 'exited', code: 3 });
    assert.deepEqual(await read(started, exit(0, 9)), { kind: 'signalled', signal: 9 });
  });

  const disorders: readonly (readonly [string, readonly Kind[]])[] = [
    ['output before the start', [output]],
    ['an exit before the start', [exit(0)]],
    ['two starts', [started, started]],
    ['two exits', [started, exit(0), exit(0)]],
    ['output after the exit', [started, exit(0), output]],
    ['a failure after the start', [started, failure(1)]],
    ['no exit', [started, output]],
    ['nothing', []],
    ['an empty message', [started, undefined]],
    ['an exit beyond 255', [started, exit(256)]],
    ['a negative exit', [started, exit(-1)]],
    ['a signal beyond 64', [started, exit(0, 65)]],
    ['a failure for no known reason', [failure(99)]],
    ['a failure for no reason', [failure(0)]],
  ];
  for (const [what, kinds] of disorders) {
    test(`are refused with ${what}`, async () => {
      await assert.rejects(read(...kinds), { code: 'guest.protocol' });
    });
  }

  const failures = ['exec.not_found', 'exec.not_executable', 'exec.invalid', 'exec.invalid', 'exec.invalid', 'guest.refused'];
  for (const [at, code] of failures.entries()) {
    test(`tell reason ${String(at + 1)} of not starting as ${code}`, async () => {
      await assert.rejects(read(failure(at + 1)), { code, message: /^Cannot run "tool": / });
    });
  }
});
