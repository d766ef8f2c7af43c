import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';

import { recordOf } from '../artifact/file-digest.ts';
import { afterInitrd, INITRD_LAYOUT, initrdOf } from './initrd-layout.ts';
import { BOOT_MODULES_DIR, INITRD } from './kernel-manifest.ts';
import type { StoredKernel } from './kernels.ts';

/** Initrds, each named by the digest of what is in it, so that a new agent or kernel needs no invalidation. */
export interface InitrdCache {
  path(kernel: StoredKernel, signal: AbortSignal): Promise<string>;
  /** Keeps those of these kernels with the current agent */
  sweep(kernels: readonly StoredKernel[], signal: AbortSignal): Promise<void>;
}

export interface InitrdCacheOptions {
  readonly dir: string;
  /** The agent's program */
  readonly agentFile: string;
}

export function createInitrdCache({ dir, agentFile }: InitrdCacheOptions): InitrdCache {
  const agentDigest = createDigestCache(agentFile);
  const fileOf = async (kernel: StoredKernel): Promise<string> => {
    const inputs = [
      `layout ${String(INITRD_LAYOUT)}`,
      `agent ${await agentDigest()}`,
      ...Object.entries(kernel.files).flatMap(([file, { sha256 }]) =>
        file === INITRD ? [`initrd ${sha256}`] : [],
      ),
      ...kernel.bootModules.map((file) => {
        return `${file} ${kernel.files[`${BOOT_MODULES_DIR}/${file}`]?.sha256 ?? 'unknown'}`;
      }),
    ];
    const key = createHash('sha256').update(inputs.join('\n')).digest('hex').slice(0, 32);
    return join(dir, `${key}.cpio`);
  };
  return {
    async path(kernel, signal) {
      const file = await fileOf(kernel);
      signal.throwIfAborted();
      if (await exists(file)) return file;
      const modules = kernel.bootModules.map(async (name) => {
        const path = join(kernel.dir, BOOT_MODULES_DIR, name);
        return { file: name, data: await readFile(path, { signal }) };
      });
      const agent = await readFile(agentFile, { signal });
      const own = initrdOf(agent, await Promise.all(modules));
      const initrd =
        INITRD in kernel.files
          ? afterInitrd(await readFile(join(kernel.dir, INITRD), { signal }), own)
          : own;
      await mkdir(dir, { recursive: true, mode: 0o700 });
      // Two callers may make it at once: each has a file of its own, and both are the same.
      const temporary = `${file}.${randomUUID()}`;
      await writeFile(temporary, initrd, { mode: 0o600 });
      await rename(temporary, file);
      return file;
    },
    async sweep(kernels, signal) {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const keep = new Set(
        (await exists(agentFile)) ? await Promise.all(kernels.map((kernel) => fileOf(kernel))) : [],
      );
      for (const name of await readdir(dir)) {
        signal.throwIfAborted();
        if (!keep.has(join(dir, name))) await rm(join(dir, name), { force: true });
      }
    },
  };
}

/** Reads a file again only when its time or size has changed: a digest is asked for on every start of a VM. */
function createDigestCache(file: string): () => Promise<string> {
  let known: { readonly stamp: string; readonly digest: string } | undefined;
  return async () => {
    try {
      const { mtimeMs, size, ino } = await stat(file);
      const stamp = [mtimeMs, size, ino].join(' ');
      if (known?.stamp !== stamp) {
        const { sha256: digest } = await recordOf(file, new AbortController().signal);
        known = { stamp, digest };
      }
      return known.digest;
    } catch (error) {
      throw new BangerError(
        'kernel.build_failed',
        `Cannot make an initrd: the guest agent "${file}" cannot be read`,
        { cause: error, hint: 'scripts/build-agent.sh' },
      );
    }
  };
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    return false;
  }
}
