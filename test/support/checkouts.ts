import { createHash } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runToEnd } from './run-to-end.ts';

/** A git checkout on the host, for tests; gone when disposed. */
export interface Checkout extends AsyncDisposable {
  readonly path: string;
  git(...args: readonly string[]): Promise<string>;
  write(name: string | Buffer, content: string | Buffer, mode?: number): Promise<void>;
  remove(name: string): Promise<void>;
  commitAll(message: string): Promise<string>;
}

/** Nothing of the user's or the machine's settings */
const ENV = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
  GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
};

/** A repository without a commit. */
export async function makeCheckout(): Promise<Checkout> {
  const path = await mkdtemp(join(tmpdir(), 'banger-checkout-'));
  const checkout = openCheckout(path);
  await checkout.git('init', '--quiet', '--initial-branch=main');
  await checkout.git('config', 'user.name', 'Ana "the" Tester');
  await checkout.git('config', 'user.email', 'ana@example.com');
  return checkout;
}

export function openCheckout(path: string): Checkout {
  const checkout: Checkout = {
    path,
    async git(...args) {
      const run = await runToEnd(['git', '-C', path, ...args], { env: { ...baseEnv(), ...ENV } });
      if (run.status !== 0) throw new Error(`git ${args.join(' ')}: ${run.stderr}`);
      return run.stdout.trimEnd();
    },
    async write(name, content, mode) {
      const file = Buffer.concat([Buffer.from(`${path}/`), Buffer.from(name)]);
      const at = file.lastIndexOf('/');
      await mkdir(file.subarray(0, at), { recursive: true });
      await writeFile(file, content);
      if (mode !== undefined) await chmod(file, mode);
    },
    remove: (name) => rm(join(path, name), { recursive: true }),
    async commitAll(message) {
      await checkout.git('add', '--all');
      await checkout.git('commit', '--quiet', '--allow-empty', '--message', message);
      return checkout.git('rev-parse', 'HEAD');
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
  return checkout;
}

/** History, links, modes, odd names, ignored files, and an index and files that are not what was committed. */
export async function makeDirtyCheckout(): Promise<Checkout> {
  const checkout = await makeCheckout();
  const { path } = checkout;
  const git = (...args: readonly string[]) => checkout.git(...args);
  const write: Checkout['write'] = (...args) => checkout.write(...args);
  for (let count = 1; count <= 12; count += 1) {
    await write('counter', `${String(count)}\n`);
    await checkout.commitAll(`commit ${String(count)}`);
  }
  await write('src/main.c', 'int main(void) { return 0; }\n');
  await write('run.sh', '#!/bin/sh\necho hello\n', 0o755);
  await write('bin/data', Buffer.from([0, 1, 2, 255, 254, 0, 10]));
  await write('new\nline', 'odd\n');
  await write(Buffer.from([0x62, 0xff, 0x79]), 'bytes\n');
  await write('späce "quoted"', 'odd\n');
  await write('.gitignore', 'build/\n');
  await write('staged', 'before\n');
  await write('both', 'before\n');
  await write('deleted', 'soon\n');
  await symlink('run.sh', join(path, 'link'));
  await symlink('/nowhere/at/all', join(path, 'dangling'));
  await symlink('../..', join(path, 'src/out'));
  await checkout.commitAll('everything');
  await git('remote', 'add', 'origin', 'https://ana:secret@example.com/ana/repo.git');
  await write('staged', 'after\n');
  await write('both', 'staged\n');
  await write('added', 'new\n');
  await git('add', 'staged', 'both', 'added');
  await write('both', 'after\n');
  await write('src/main.c', 'int main(void) { return 1; }\n');
  await chmod(join(path, 'counter'), 0o755);
  await checkout.remove('deleted');
  await write('build/product', 'ignored\n');
  await write('notes.txt', 'untracked\n');
  return checkout;
}

/** Two branches, a tag, a submodule that has one itself, and one that was never checked out. */
export async function makeWithSubmodules(): Promise<Checkout> {
  await using inner = await makeCheckout();
  await inner.write('deep', 'deepest\n');
  await inner.commitAll('inner');
  await using part = await makeCheckout();
  await part.write('file', 'part\n');
  await addSubmodule(part, inner.path, 'inner');
  await part.commitAll('part');
  const checkout = await makeCheckout();
  await checkout.write('top', 'top\n');
  await addSubmodule(checkout, part.path, 'lib/part');
  await addSubmodule(checkout, part.path, 'absent');
  await checkout.commitAll('top');
  await checkout.git(
    ...ANY_PROTOCOL,
    'submodule',
    '--quiet',
    'update',
    '--init',
    '--recursive',
    'lib/part',
  );
  await checkout.git('submodule', '--quiet', 'deinit', '--force', 'absent');
  await checkout.git('branch', 'other');
  await checkout.git('tag', '--annotate', '--message', 'one', 'v1');
  return checkout;
}

const ANY_PROTOCOL = ['-c', 'protocol.file.allow=always'] as const;

async function addSubmodule(to: Checkout, path: string, name: string): Promise<void> {
  await to.git(...ANY_PROTOCOL, 'submodule', '--quiet', 'add', path, name);
}

function baseEnv(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' };
}

/** Every file below a directory with its bytes and times, to see that nothing was written. */
export async function fingerprint(path: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const found: Record<string, string> = {};
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    const { mtimeNs, ctimeNs, ino } = await lstat(file, { bigint: true });
    const bytes = entry.isFile()
      ? createHash('sha256')
          .update(await readFile(file))
          .digest('hex')
      : '';
    const times = entry.isDirectory() ? [mtimeNs] : [mtimeNs, ctimeNs];
    found[file] = [...times, ino, bytes].map(String).join(' ');
  }
  return found;
}
