import assert from 'node:assert/strict';
import { appendFile, copyFile, mkdir, mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { Image, Kernel } from '@banger/protocol/image';
import { z } from 'zod';

import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { guestSays, showVm } from '../support/vms.ts';

const Written = z.object({ path: z.string(), entry: z.record(z.string(), z.unknown()) });
const SMALL = ['--memory', '256M', '--disk-size', '1G'];

/** What one banger writes into a directory is pulled out of it, and files of the user's own boot. */
sandboxTest(
  'bundles, registered images and imported kernels',
  { templates: 'off' },
  async (home, _, part) => {
    await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-bundles-e2e-'));
    const catalog = join(dir.path, 'catalog.json');
    await mkdir(dirname(home.configFile), { recursive: true });
    const urls = ['http://127.0.0.1:40009/away.json', `file://${catalog}`];
    await writeFile(home.configFile, urls.map((url) => `[[catalog]]\nurl = "${url}"\n`).join('\n'));
    const entries: Record<'image' | 'kernel', Record<string, unknown>> = { image: {}, kernel: {} };
    const offer = async (change: Record<string, unknown> = {}) => {
      const images = [{ ...entries.image, name: 'mine', ...change }];
      const kernels = [{ ...entries.kernel, name: 'mine-kernel' }];
      await writeFile(catalog, JSON.stringify({ format: 1, images, kernels }));
    };

    await part('bundles are written whole, the same bytes each time', async () => {
      const outputs = ['image', 'image', 'kernel'] as const;
      const digests: unknown[] = [];
      for (const noun of outputs) {
        const name = noun === 'image' ? 'debian-bookworm-slim' : 'debian-6.1';
        const done = await home.ok([noun, 'bundle', name, '-o', `${dir.path}/`, '--json']);
        const { path, entry } = Written.parse(JSON.parse(done.stdout));
        assert.match(path, new RegExp(`/${name}-amd64-[0-9a-f]{12}\\.tar\\.zst$`));
        entries[noun] = entry;
        digests.push(entry['sha256']);
      }
      assert.equal(digests[0], digests[1]);
    });

    await part('a catalog that is away hides no other', async () => {
      await offer();

      const listed = await home.ok(['image', 'list', '--available']);

      assert.match(listed.stderr, /^warning: A catalog is left out: .*127\.0\.0\.1:40009/m);
      assert.match(listed.stdout, new RegExp(`^mine +bundle +no +file://${catalog}`, 'm'));
      assert.match(listed.stdout, /^debian-bookworm-slim +debian +yes +built-in/m);
    });

    await part('what is not what the catalog says is not stored', async () => {
      await offer({ sha256: 'a'.repeat(64) });

      const pulled = await home.banger(['image', 'pull', 'mine']);

      assert.equal(pulled.status, 1);
      assert.match(pulled.stderr, /^error: Cannot use blob sha256:a+: the digest of what came is/m);
      assert.match((await home.banger(['image', 'show', 'mine'])).stderr, /not in the store/);
    });

    await part('an image and a kernel out of a directory boot', async () => {
      await offer();

      const mine = ['--image', 'mine', '--kernel', 'mine-kernel'];
      const ran = await home.ok(['vm', 'run', '--rm', ...mine, ...SMALL, '--', 'uname', '-r']);

      const kernel = await shown(home, 'kernel', 'mine-kernel', Kernel);
      assert.equal(ran.stdout, `${kernel.release}\n`);
      assert.equal((await shown(home, 'image', 'mine', Image)).kind, 'bundle');
    });

    const own = join(dir.path, 'own-kernel');
    await part('a bundle that was unpacked is imported', async () => {
      await mkdir(own);
      const file = join(dir.path, String(entries.kernel['url']));
      assert.equal((await runToEnd(['tar', '--zstd', '-xf', file, '-C', own], {})).status, 0);

      await home.ok(['kernel', 'import', '--from', own]);

      assert.match((await shown(home, 'kernel', 'own-kernel', Kernel)).release, /^6\.1\./);
    });

    await part('so is a kernel with a tree of modules', async () => {
      const { release } = await shown(home, 'kernel', 'own-kernel', Kernel);
      const modules = join(own, 'lib/modules', release);
      await mkdir(modules, { recursive: true });
      const disk = join(own, 'modules.ext4');
      await runToEnd(['/usr/sbin/debugfs', '-R', `rdump / ${modules}`, disk], {});
      for (const name of ['manifest.json', 'modules.ext4']) await rm(join(own, name));

      await home.ok(['kernel', 'import', '--from', own, '--name', 'tree']);

      const imported = await shown(home, 'kernel', 'tree', Kernel);
      assert.deepEqual([imported.release, imported.version], [release, release]);
    });

    const rootfs = join(dir.path, 'root.ext4');
    await part('a registered image boots where it is, with the kernel that it names', async () => {
      await copyFile((await shown(home, 'image', 'mine', Image)).path, rootfs);
      const register = ['image', 'register', '--name', 'lab', '--rootfs', rootfs];
      await home.ok([...register, '--kernel-ref', 'tree']);

      await home.ok(['vm', 'create', '--name', 'box', '--image', 'lab', ...SMALL]);

      const vm = await showVm(home, 'box');
      assert.deepEqual([vm.spec.kernel, vm.provenance['kernel']], ['tree', 'image']);
      assert.equal(vm.disks.find(({ role }) => role === 'base')?.path, rootfs);
      assert.match(await guestSays(home, 'box', ['uname', '-r']), /^6\.1\./);
      const inUse = await home.banger(['image', 'delete', 'lab']);
      assert.match(inUse.stderr, /VM box uses it .*\nhint: banger vm delete box/);
      const needed = await home.banger(['kernel', 'rm', 'tree']);
      assert.match(needed.stderr, /VM box uses it/);
    });

    await part('promoted, it needs the file no longer', async () => {
      const promoted = await home.ok(['image', 'promote', 'lab']);
      assert.match(promoted.stderr, /^warning: VM box was made from image "lab" before/m);
      await home.ok(['vm', 'stop', 'box']);
      await appendFile(rootfs, 'x');

      const started = await home.banger(['vm', 'start', 'box']);
      assert.equal(started.status, 1);
      assert.match(started.stderr, /root\.ext4" was changed after it was registered .*\nhint: /);
      await home.ok(['vm', 'delete', 'box']);
      await rm(rootfs);

      const ran = await home.ok(['run', '--rm', '--image', 'lab', ...SMALL, '--', 'echo', 'here']);
      assert.equal(ran.stdout, 'here\n');
      assert.equal((await shown(home, 'image', 'lab', Image)).kind, 'promoted');
    });

    await part('pruning leaves the default image, and the cache can go', async () => {
      const dry = await home.ok(['image', 'prune', '--dry-run']);
      assert.match(dry.stdout, /^lab$/m);
      await home.ok(['image', 'prune', '-f']);

      assert.equal((await home.ok(['image', 'list', '-q'])).stdout, '');
      const would = await home.ok(['image', 'cache', 'prune', '--dry-run']);
      assert.match(would.stdout, /MiB in \d+ files could go$/m);
      await home.ok(['image', 'cache', 'prune']);
      assert.match((await home.ok(['image', 'cache', 'prune'])).stdout, /^0 .*0 files$/m);
    });
    await home.assertHostIsClean();
  },
);

async function shown<T>(
  home: SandboxHome,
  noun: 'image' | 'kernel',
  name: string,
  schema: z.ZodType<T>,
): Promise<T> {
  return schema.parse(JSON.parse((await home.ok([noun, 'show', name, '--json'])).stdout));
}
