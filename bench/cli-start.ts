import { join } from 'node:path';

import { repositoryRoot } from '../test/support/repository.ts';
import { runToEnd } from '../test/support/run-to-end.ts';
import type { Benchmark } from './benchmark.ts';
import { timed } from './stopwatch.ts';

/** The program itself, which `bin/banger` uses too; what is in `.bin` may be a script around it. */
const node = join(repositoryRoot, 'node_modules/node/bin/node');

export const cliStart: Benchmark = {
  id: 'cli-start',
  what: '`banger version`, against `node -e 0` with the same Node',
  unit: 'ms',
  goal: 1.5,
  runs: 60,
  warmUps: 5,
  open({ home }) {
    return Promise.resolve({
      value: () => timed(() => home.banger(['version'])),
      floor: () => timed(() => runToEnd([node, '-e', '0'], { env: home.env })),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
};
