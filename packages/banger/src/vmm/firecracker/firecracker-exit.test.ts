import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { classifyExit } from './firecracker-exit.ts';

suite('how a Firecracker ended', () => {
  for (const [exitCode, signal, sent, expected] of [
    [0, null, undefined, 'guest-off'],
    [0, null, 'SIGTERM', 'guest-off'],
    [1, null, undefined, 'crashed'],
    [148, null, undefined, 'crashed'],
    [null, 'SIGKILL', 'SIGKILL', 'killed'],
    [null, 'SIGTERM', undefined, 'killed'],
    [null, 'SIGSEGV', undefined, 'crashed'],
    [null, null, 'SIGKILL', 'killed'],
    [null, null, undefined, 'guest-off'],
  ] as const) {
    test(`status ${String(exitCode)}, signal ${String(signal)}, sent ${String(sent)}: ${expected}`, () => {
      const end = { status: { exitCode, signal }, sent, logFile: '/log' };

      assert.equal(classifyExit(end).kind, expected);
    });
  }
});
