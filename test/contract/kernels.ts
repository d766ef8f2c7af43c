import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { KernelId } from '@banger/protocol/ids';

import type { Kernels } from '../../packages/banger/src/kernel/kernels.ts';

export interface KernelsSubject extends AsyncDisposable {
  /** With "debian-6.1" in the catalog, and nothing stored */
  readonly kernels: Kernels;
  readonly built: () => number;
  damage(id: KernelId): Promise<void> | void;
  /** Resolves with the path of a directory of the host that has a kernel; the same kernel each time */
  putKernel(): Promise<string>;
}

const NAME = 'debian-6.1';

/** What callers may rely on, from the real kernels and from the fake ones. */
export function kernelsContract(name: string, open: () => Promise<KernelsSubject>): void {
  suite(`${name} keep the contract of Kernels`, () => {
    const signal = new AbortController().signal;
    const quiet = { signal, progress: { stage: () => undefined, warn: () => undefined } };

    test('what is pulled is stored, listed, and found by name, id and unique prefix', async () => {
      await using subject = await open();
      const { kernels } = subject;

      const kernel = await kernels.pull(NAME, quiet);

      assert.deepEqual(await kernels.list(), [kernel]);
      for (const reference of [NAME, kernel.id, kernel.id.slice(0, 8)]) {
        assert.deepEqual(await kernels.find(reference), kernel);
      }
    });

    test('the same kernel made again is the same bundle', async () => {
      await using subject = await open();
      const { kernels } = subject;
      const first = await kernels.pull(NAME, quiet);

      await kernels.pull(NAME, quiet);
      const forced = await kernels.pull(NAME, { ...quiet, force: true });

      assert.equal(forced.id, first.id);
      assert.equal(subject.built(), 2);
      assert.equal((await kernels.list()).length, 1);
    });

    test('an unknown name is refused with the ones that are close', async () => {
      await using subject = await open();

      const pulled = subject.kernels.pull('debian-6', quiet);

      await assert.rejects(pulled, {
        code: 'kernel.not_found',
        hint: 'banger kernel pull debian-6.1',
      });
    });

    test('an aborted pull stores nothing', async () => {
      await using subject = await open();
      const reason = new Error('enough');

      const pulled = subject.kernels.pull(NAME, { ...quiet, signal: AbortSignal.abort(reason) });

      await assert.rejects(pulled, reason);
      assert.deepEqual(await subject.kernels.list(), []);
    });

    test('damage is reported to who asks for the kernel, and repaired by force', async () => {
      await using subject = await open();
      const { kernels } = subject;
      const { id } = await kernels.pull(NAME, quiet);

      await subject.damage(id);

      for (const ask of [() => kernels.find(NAME), () => kernels.pull(NAME, quiet)]) {
        await assert.rejects(ask, {
          code: 'kernel.damaged',
          hint: `banger kernel pull --force ${NAME}`,
        });
      }
      await kernels.pull(NAME, { ...quiet, force: true });
      assert.equal((await kernels.find(NAME))?.id, id);
    });

    test('the initrd of a kernel is made once', async () => {
      await using subject = await open();
      const kernel = await subject.kernels.pull(NAME, quiet);

      const first = await subject.kernels.initrd(kernel, signal);
      const again = await subject.kernels.initrd(kernel, signal);

      assert.equal(again, first);
    });

    test('an imported kernel is found like any, and is the same when it is imported again', async () => {
      await using subject = await open();
      const { kernels } = subject;
      const dir = await subject.putKernel();

      const kernel = await kernels.import({ name: 'own', from: { dir } }, quiet);
      const again = await kernels.import({ name: 'own', from: { dir } }, quiet);
      const other = await kernels.import({ name: 'other', from: { dir } }, quiet);

      assert.equal(kernel.name, 'own');
      assert.equal(again.id, kernel.id);
      assert.notEqual(other.id, kernel.id);
      for (const reference of ['own', kernel.id]) {
        assert.deepEqual(await kernels.find(reference), kernel);
      }
      assert.equal((await kernels.pull('own', quiet)).id, kernel.id);
      assert.equal((await kernels.list()).length, 2);
    });

    test('an import of what is no kernel is refused, and an aborted one stores nothing', async () => {
      await using subject = await open();
      const { kernels } = subject;
      const dir = await subject.putKernel();
      const missing = { name: 'own', from: { dir: `${dir}.missing` } };
      const reason = new Error('enough');

      await assert.rejects(kernels.import(missing, quiet), { code: 'kernel.bad_content' });
      const signal = AbortSignal.abort(reason);
      const aborted = kernels.import({ name: 'own', from: { dir } }, { ...quiet, signal });
      await assert.rejects(aborted, reason);

      assert.deepEqual(await kernels.list(), []);
    });

    test('what is removed is gone, and may be removed again', async () => {
      await using subject = await open();
      const { id } = await subject.kernels.pull(NAME, quiet);

      await subject.kernels.remove(id);
      await subject.kernels.remove(id);
      await subject.kernels.sweep(signal);

      assert.equal(await subject.kernels.find(id), undefined);
    });
  });
}
