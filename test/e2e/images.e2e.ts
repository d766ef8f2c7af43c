import assert from 'node:assert/strict';
import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';

import { bangerPaths } from '../../packages/banger/src/host/paths.ts';
import { createSystemClock } from '../../packages/banger/src/host/system-clock.ts';
import { createSystemProcesses } from '../../packages/banger/src/host/system-processes.ts';
import { createCatalogs } from '../../packages/banger/src/catalog/create-catalogs.ts';
import { createBlobCache } from '../../packages/banger/src/image/oci/create-blob-cache.ts';
import { createOciHost } from '../../packages/banger/src/image/create-oci-host.ts';
import type { Images } from '../../packages/banger/src/image/images.ts';
import { createImages } from '../../packages/banger/src/image/create-images.ts';
import { createKernels } from '../../packages/banger/src/kernel/create-kernels.ts';
import type { Kernels } from '../../packages/banger/src/kernel/kernels.ts';
import { createRootDisks } from '../../packages/banger/src/rootfs/create-root-disks.ts';
import { warmStore } from '../support/warm-store.ts';

/** Real builds from Debian's archive, as this user. No VM is started here. */
suite('images and kernels made from Debian', () => {
  const processes = createSystemProcesses();
  const signal = new AbortController().signal;
  const quiet = { signal, progress: { stage: () => undefined, warn: () => undefined } };

  test('a kernel and the small image, at the same time, from nothing', async () => {
    await using store = await open();

    const [kernel, image] = await Promise.all([
      store.kernels.pull('debian-6.1', quiet),
      store.images.pull('debian-bookworm-slim', quiet),
    ]);

    assert.match(kernel.release, /^6\.1\./);
    assert.equal((await readFile(kernel.vmlinux)).toString('latin1', 0, 4), '\x7fELF');
    assert.ok(kernel.modulesDisk);
    await assertClean(kernel.modulesDisk);
    await assertClean(image.rootDisk);
    assert.match(await shown(kernel.modulesDisk, 'stat /modules.dep'), /Type: regular/);
    assert.match(await shown(image.rootDisk, 'stat /usr/bin/git'), /Type: regular/);
    assert.match(await shown(image.rootDisk, 'stat /etc/machine-id'), /Size: 0/);
    assert.doesNotMatch(await shown(image.rootDisk, 'stat /lib/systemd/systemd'), /Type:/);
    assert.deepEqual(await readdir(store.builds), []);
  });

  test('an initrd that is the same bytes for the same kernel and agent', async () => {
    await using store = await open();
    const kernel = await store.kernels.pull('debian-6.1', quiet);
    const first = await readFile(await store.kernels.initrd(kernel, signal));
    const again = await store.kernels.pull('debian-6.1', { ...quiet, force: true });
    await using other = await open();
    const elsewhere = await other.kernels.initrd(again, signal);

    assert.equal(again.id, kernel.id);
    assert.ok(first.equals(await readFile(elsewhere)));
    assert.ok(first.includes('virtio_blk.ko') && first.includes('the agent'));
  });

  test('the default image: an init, ssh without host keys, and Docker on overlay2', async () => {
    // Made by these sources through the daemon; once, as it takes minutes.
    const stateHome = dirname(await warmStore('full'));
    const { images } = storesOf({ HOME: '/', XDG_STATE_HOME: stateHome }, 'no agent');

    const image = await images.find('debian-bookworm');

    assert.ok(image);
    await assertClean(image.rootDisk);
    assert.match(await shown(image.rootDisk, 'stat /lib/systemd/systemd'), /Type: regular/);
    assert.match(await shown(image.rootDisk, 'cat /etc/docker/daemon.json'), /overlay2/);
    assert.match(await shown(image.rootDisk, 'ls /etc/ssh'), /sshd_config/);
    assert.doesNotMatch(await shown(image.rootDisk, 'ls /etc/ssh'), /ssh_host_/);
    assert.match(
      await shown(image.rootDisk, 'stat /etc/systemd/system/apt-daily.timer'),
      /"\/dev\/null"/,
    );
  });

  test('an interrupted build leaves nothing, and the next one works', async () => {
    await using store = await open();
    const caller = new AbortController();
    const reason = new Error('interrupted');
    const pulled = store.images.pull('debian-bookworm-slim', {
      signal: caller.signal,
      progress: {
        warn: () => undefined,
        stage: ({ name }) => {
          if (name === 'image-base') caller.abort(reason);
        },
      },
    });

    await assert.rejects(pulled, reason);

    assert.deepEqual(await readdir(store.builds), []);
    assert.doesNotMatch(await readFile('/proc/self/mounts', 'utf8'), new RegExp(store.builds));
    assert.deepEqual(await store.images.list(), []);
  });

  async function assertClean(file: string): Promise<void> {
    const { exitCode, stdout } = await processes.run(['/usr/sbin/e2fsck', '-fn', file], { signal });
    assert.equal(exitCode, 0, stdout);
  }

  async function shown(file: string, request: string): Promise<string> {
    return (await processes.run(['/usr/sbin/debugfs', '-R', request, file], { signal })).stdout;
  }

  async function open(): Promise<
    {
      readonly images: Images;
      readonly kernels: Kernels;
      readonly builds: string;
    } & AsyncDisposable
  > {
    const home = await mkdtempDisposable(join(tmpdir(), 'banger-images-e2e-'));
    const agentFile = join(home.path, 'agent');
    await writeFile(agentFile, 'the agent');
    const { images, kernels, builds } = storesOf({ HOME: home.path }, agentFile);
    await Promise.all([images.sweep(signal), kernels.sweep(signal)]);
    return { images, kernels, builds, [Symbol.asyncDispose]: () => home.remove() };
  }

  function storesOf(env: Readonly<Record<string, string>>, agentFile: string) {
    const uid = process.geteuid?.() ?? 0;
    const paths = bangerPaths({ env, uid });
    const clock = createSystemClock();
    const catalogs = createCatalogs({ urls: [], cacheDir: paths.catalogs, clock });
    const blobs = createBlobCache(paths.blobs);
    const rootDisks = createRootDisks();
    const oci = createOciHost({ blobs, rootDisks, clock, processes, env, registries: [] });
    const options = {
      ...{ blobs, rootDisks, oci },
      ...{ paths, processes, clock, path: process.env['PATH'] },
      debianMirror: undefined,
      debianSecurityMirror: undefined,
    };
    const images = createImages({ ...options, catalog: catalogs.images, uid });
    const kernels = createKernels({ ...options, catalog: catalogs.kernels, agentFile });
    return { images, kernels, builds: paths.builds };
  }
});
