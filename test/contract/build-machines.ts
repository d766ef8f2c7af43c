import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ByteReader } from '../../packages/sdk/src/tar/byte-reader.ts';
import { readTar } from '../../packages/sdk/src/tar/read-tar.ts';
import type {
  BuildMachines,
  BuildStep,
} from '../../packages/banger/src/image/build/build-machine.ts';

export interface BuildMachinesSubject extends AsyncDisposable {
  readonly machines: BuildMachines;
  /** Of a root with `sh` and /tmp */
  readonly baseDisk: string;
  /** Fails when anything of a machine is left */
  readonly assertClean: () => Promise<void> | void;
}

/** One thing that callers may rely on. */
export interface BuildMachinesCase {
  readonly name: string;
  readonly check: (
    subject: Omit<BuildMachinesSubject, typeof Symbol.asyncDispose>,
  ) => Promise<void>;
}

const { signal: never } = new AbortController();

/** What callers may rely on, from real machines and from those that only play. */
export function buildMachinesContract(
  name: string,
  open: () => Promise<BuildMachinesSubject>,
): void {
  suite(`${name} keep the contract of BuildMachines`, () => {
    for (const { name: promise, check } of buildMachinesCases) {
      test(promise, async () => {
        await using subject = await open();
        await check(subject);
        await subject.assertClean();
      });
    }
  });
}

/** The contract itself, for tests that have one host for all of it. */
export const buildMachinesCases: readonly BuildMachinesCase[] = [
  {
    name: 'run a command, hand over its output in order, and then its layer',
    async check(subject) {
      const order: string[] = [];
      const onOutput = async (stream: string, bytes: Uint8Array) => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`${stream}: ${Buffer.from(bytes).toString()}`);
      };

      const step = aStep(subject, 'echo one; touch /tmp/a; echo two', onOutput);
      const end = await subject.machines.run(
        step,
        async (tar) => void order.push(...(await namesOf(tar)).filter((file) => file !== 'tmp/')),
        never,
      );

      assert.deepEqual(end, { exitCode: 0 });
      assert.equal(order.join(';').replaceAll(/\n;?(stdout: )?/g, ' '), 'stdout: one two tmp/a');
    },
  },

  {
    name: 'answer with the status of a command that failed, and take no layer of it',
    async check(subject) {
      const { machines } = subject;

      const failed = await machines.run(aStep(subject, 'touch /tmp/a; exit 3'), neverTaken, never);
      const killed = await machines.run(aStep(subject, 'kill -9 $$'), neverTaken, never);

      assert.deepEqual([failed.exitCode, killed.exitCode], [3, 137]);
    },
  },

  {
    name: 'tell a step nothing of the one before',
    async check(subject) {
      const layers: (readonly string[])[] = [];
      const keep = async (tar: AsyncIterable<Uint8Array>) => {
        layers.push((await namesOf(tar)).filter((file) => file !== 'tmp/'));
      };

      await subject.machines.run(aStep(subject, 'touch /tmp/a'), keep, never);
      await subject.machines.run(aStep(subject, 'touch /tmp/b'), keep, never);

      assert.deepEqual(layers, [['tmp/a'], ['tmp/b']]);
    },
  },

  {
    name: 'reject for a command that cannot be started',
    async check(subject) {
      const step = { ...aStep(subject, ''), argv: ['/no/such/shell', '-c', 'true'] };

      await assert.rejects(subject.machines.run(step, neverTaken, never), {
        code: 'exec.not_found',
      });
    },
  },

  {
    name: 'reject with what the layer is refused with, also in its middle',
    async check(subject) {
      const reason = new Error('the disk is full');

      const running = subject.machines.run(
        aStep(subject, 'touch /tmp/a'),
        async (tar) => {
          await tar[Symbol.asyncIterator]().next();
          throw reason;
        },
        never,
      );

      await assert.rejects(running, reason);
    },
  },

  {
    name: 'end a command that never ends when its caller has enough',
    async check(subject) {
      const caller = new AbortController();
      const reason = new Error('enough');
      const step = {
        ...aStep(subject, '', () => caller.abort(reason)),
        argv: ['yes'],
      };

      await assert.rejects(subject.machines.run(step, neverTaken, caller.signal), reason);
      await assert.rejects(subject.machines.run(step, neverTaken, caller.signal), reason);
    },
  },
];

function aStep(
  { baseDisk }: Pick<BuildMachinesSubject, 'baseDisk'>,
  script: string,
  onOutput: BuildStep['onOutput'] = () => undefined,
): BuildStep {
  const argv = ['sh', '-c', script];
  const where = { user: '', workingDir: '/', memoryMib: 256 };
  return { baseDisk, deltaDisk: undefined, argv, env: {}, ...where, onOutput };
}

function neverTaken(): Promise<never> {
  return Promise.reject(new Error('there is no layer of a step that failed'));
}

async function namesOf(layer: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of readTar(new ByteReader(layer))) names.push(name);
  return names;
}
