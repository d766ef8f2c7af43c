import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { type KernelsSubject, kernelsContract } from '../../../../test/contract/kernels.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import { createFakeRootDisks } from '../rootfs/fake-root-disks.ts';
import { recordBundle } from './bundle-files.ts';
import { createCatalog } from '../catalog/catalog.ts';
import { kernelCatalog } from './catalog.ts';
import { importRecipe } from './import-kernel.ts';
import { createInitrdCache } from './initrd-cache.ts';
import type { BuiltKernel, KernelBuild } from './kernel-recipe.ts';
import { createKernelStore } from './kernel-store.ts';

interface Subject extends KernelsSubject {
  readonly dir: string;
  readonly agentFile: string;
}

/** The real store and initrds, with bundles of a few bytes. */
async function open(): Promise<Subject> {
  const dir = await mkdtempDisposable(join(tmpdir(), 'banger-kernels-'));
  const agentFile = join(dir.path, 'agent');
  await writeFile(agentFile, 'the agent');
  let built = 0;
  const kernels = createKernelStore({
    paths: { kernels: join(dir.path, 'kernels'), builds: join(dir.path, 'builds') },
    clock: createSystemClock(),
    catalog: (work) => createCatalog(kernelCatalog, []).list(work),
    importRecipe: (kernel) =>
      importRecipe(
        { processes: createSystemProcesses(), rootDisks: createFakeRootDisks(), env: {} },
        kernel,
      ),
    initrds: createInitrdCache({ dir: join(dir.path, 'initrds'), agentFile }),
    recipeFor: (name) => Promise.resolve(name === 'debian-6.1' ? { name, build } : undefined),
  });
  async function build({ bundle, signal }: KernelBuild): Promise<BuiltKernel> {
    built += 1;
    await mkdir(join(bundle, 'boot-modules'));
    await writeFile(join(bundle, 'vmlinux'), 'kernel');
    await writeFile(join(bundle, 'modules.ext4'), 'modules');
    await writeFile(join(bundle, 'boot-modules/virtio.ko'), 'virtio');
    const names = ['vmlinux', 'modules.ext4', 'boot-modules/virtio.ko'];
    const files = await recordBundle(bundle, names, signal);
    return { release: '6.1.0', version: '6.1-1', files, bootModules: ['virtio.ko'] };
  }
  return {
    kernels,
    dir: dir.path,
    agentFile,
    built: () => built,
    damage: (id) => truncate(join(dir.path, 'kernels', id, 'vmlinux'), 3),
    async putKernel() {
      const given = join(dir.path, 'given');
      await mkdir(given, { recursive: true });
      await writeFile(join(given, 'vmlinux'), '\x7fELF Linux version 6.12.3-own (me@here) #1');
      return given;
    },
    [Symbol.asyncDispose]: () => dir.remove(),
  };
}

const signal = new AbortController().signal;
const quiet = { signal, progress: { stage: () => undefined, warn: () => undefined } };

kernelsContract('stored kernels', open);

test('a pull notices a file of the right size and another content', async () => {
  await using subject = await open();
  const kernel = await subject.kernels.pull('debian-6.1', quiet);

  await writeFile(kernel.vmlinux, 'KERNEL');

  await assert.rejects(subject.kernels.pull('debian-6.1', quiet), { code: 'kernel.damaged' });
});

test('another agent is another initrd, and sweeping keeps the current one only', async () => {
  await using subject = await open();
  const kernel = await subject.kernels.pull('debian-6.1', quiet);
  const old = await subject.kernels.initrd(kernel, signal);
  await writeFile(subject.agentFile, 'a newer agent');

  const current = await subject.kernels.initrd(kernel, signal);
  await subject.kernels.sweep(signal);

  assert.notEqual(current, old);
  const kept = await readdir(join(subject.dir, 'initrds'));
  assert.deepEqual(
    kept.map((name) => join(subject.dir, 'initrds', name)),
    [current],
  );
});

test('an initrd is the same bytes for the same inputs', async () => {
  await using one = await open();
  await using other = await open();

  const made = [one, other].map(async ({ kernels }) => {
    return readFile(await kernels.initrd(await kernels.pull('debian-6.1', quiet), signal));
  });

  const [first, second] = await Promise.all(made);
  assert.deepEqual(first, second);
});

test('an agent that is not there is an error that says how to make it', async () => {
  await using subject = await open();
  const kernel = await subject.kernels.pull('debian-6.1', quiet);
  const initrds = createInitrdCache({ dir: subject.dir, agentFile: join(subject.dir, 'none') });

  await assert.rejects(initrds.path(kernel, signal), { hint: 'scripts/build-agent.sh' });
});
