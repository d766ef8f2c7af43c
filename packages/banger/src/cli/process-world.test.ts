import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { buildInfo } from '../build-info.ts';
import { createProcessWorld } from './process-world.ts';

suite('the world of a process', () => {
  const world = createProcessWorld({ build: buildInfo, bangerd: '/no/bangerd' });

  test('knows that it is alive itself, and that nobody has a pid beyond all', () => {
    assert.equal(world.isAlive(process.pid), true);
    assert.equal(world.isAlive(2 ** 30), false);
  });

  test('takes a process that ended and is not reaped for gone', async (t) => {
    const careless = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 1000']);
    t.after(() => careless.kill('SIGKILL'));
    const [line] = (await once(careless.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());

    while (world.isAlive(pid)) await wait(5);

    assert.equal(process.kill(pid, 0), true);
  });
});
