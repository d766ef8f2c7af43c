import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { readCpio } from '../../../../test/support/read-cpio.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import { createFakeRootDisks } from '../rootfs/fake-root-disks.ts';
import { type CpioEntry, writeCpio } from './cpio.ts';
import { importRecipe } from './import-kernel.ts';
import { createInitrdCache } from './initrd-cache.ts';
import { createKernelStore } from './kernel-store.ts';

const signal = new AbortController().signal;
const quiet = { signal, progress: { stage: () => undefined, warn: () => undefined } };
const theirs = writeCpio([
  file('init', 'their init'),
  file('banger/modules.list', '/banger/modules/theirs.ko'),
  file('lib/firmware/card', 'their firmware'),
]);

suite('the initrd of a kernel that came with one', () => {
  for (const [what, ending] of [
    ['that ends where an archive may begin', Buffer.alloc(0)],
    ['that does not', Buffer.from([0])],
    ['with much padding', Buffer.alloc(509)],
  ] as const) {
    test(`${what} has the user's first, and then banger's, whose /init wins`, async () => {
      const given = Buffer.concat([theirs, ending]);

      const initrd = await initrdWith(given);

      assert.ok(initrd.subarray(0, given.length).equals(given));
      const unpacked = unpack(initrd);
      assert.equal(unpacked.get('init'), 'the agent');
      assert.equal(unpacked.get('banger/modules.list'), '');
      assert.equal(unpacked.get('lib/firmware/card'), 'their firmware');
    });
  }

  test('has a compressed one as it is, and banger’s from a multiple of four bytes on', async () => {
    const given = gzipSync(theirs);

    const initrd = await initrdWith(given);

    assert.ok(initrd.subarray(0, given.length).equals(given));
    const own = initrd.subarray(Math.ceil(given.length / 4) * 4);
    assert.equal(unpack(own).get('init'), 'the agent');
  });

  test('is another one with another initrd of the user', async () => {
    await using place = await open();
    const [one, other] = [await place.path('one'), await place.path('other')];

    assert.notEqual(one, other);
  });
});

async function initrdWith(given: Buffer): Promise<Buffer> {
  await using place = await open();
  return await readFile(await place.path(given));
}

/** As Linux does it: a later file replaces an earlier one. */
function unpack(initrd: Buffer): ReadonlyMap<string, string> {
  return new Map(readCpio(initrd).map(({ path, data }) => [path, data]));
}

function file(path: string, content: string): CpioEntry {
  return { kind: 'file', path, mode: 0o755, data: Buffer.from(content) };
}

async function open() {
  const root = await mkdtempDisposable(join(tmpdir(), 'banger-initrd-'));
  const agentFile = join(root.path, 'agent');
  const parts = { kernel: join(root.path, 'vmlinux'), initrd: join(root.path, 'given') };
  await writeFile(agentFile, 'the agent');
  await writeFile(parts.kernel, '\x7fELF Linux version 6.12.3-own (me@here) #1');
  const host = {
    processes: createSystemProcesses(),
    rootDisks: createFakeRootDisks(),
    env: {},
  };
  const kernels = createKernelStore({
    paths: { kernels: join(root.path, 'kernels'), builds: join(root.path, 'builds') },
    clock: createSystemClock(),
    catalog: () => Promise.resolve([]),
    recipeFor: () => Promise.resolve(undefined),
    importRecipe: (kernel) => importRecipe(host, kernel),
    initrds: createInitrdCache({ dir: join(root.path, 'initrds'), agentFile }),
  });
  return {
    /** Of the initrd that a kernel with this one gets */
    async path(given: Buffer | string): Promise<string> {
      await writeFile(parts.initrd, given);
      const from = { ...parts, modules: undefined };
      const kernel = await kernels.import({ name: 'own', from }, quiet);
      return kernels.initrd(kernel, signal);
    },
    [Symbol.asyncDispose]: () => root.remove(),
  };
}
