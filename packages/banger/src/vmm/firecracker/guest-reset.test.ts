import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { tellReset } from './guest-reset.ts';

const off = { kind: 'guest-off' } as const;

suite('the last word on the console', () => {
  for (const [what, consoleEnd, kind] of [
    ['a reboot', '[    9.1] reboot: Restarting system\n', 'guest-reset'],
    ['a panic', '[    9.1] Kernel panic - not syncing: sysrq triggered crash\n', 'guest-reset'],
    [
      'a power-off',
      '[    9.1] sysrq: Emergency Remount R/O\n[    9.2] sysrq: Resetting\n',
      'guest-off',
    ],
    ['nothing', 'banger-agent: build 0123456789abcdef serves on vsock port 1024\n', 'guest-off'],
    [
      'a power-off after a reboot',
      '[    9.1] reboot: Restarting system\n[    7.1] sysrq: Resetting\n',
      'guest-off',
    ],
    [
      'a reboot after a power-off',
      '[    9.1] sysrq: Resetting\n[    7.1] reboot: Restarting system\r\n',
      'guest-reset',
    ],
  ] as const) {
    test(`tells of ${what}`, () => {
      assert.deepEqual(tellReset(off, consoleEnd), { kind });
    });
  }

  test('says nothing of a monitor that was killed', () => {
    const killed = { kind: 'killed', signal: 'SIGKILL' } as const;

    assert.equal(tellReset(killed, 'reboot: Restarting system'), killed);
  });
});
