import { existsSync, readdirSync } from 'node:fs';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';

import {
  jailHostContract,
  type JailHostSubject,
  type JailScene,
} from '../../../../../../test/contract/jail-host.ts';
import { createFakeJailer } from '../../../../../../test/support/fake-jailer.ts';
import { createSystemClock } from '../../../host/system-clock.ts';
import { createSystemProcesses } from '../../../host/system-processes.ts';
import { unlessMissing } from '../../../host/missing-files.ts';
import { listCgroups } from './cgroup-dirs.ts';
import { readCgroupMounts } from './cgroup-mounts.ts';
import { createJailHost } from './create-jail-host.ts';
import { mountsBelow } from './jail-mounts.ts';

const isRoot = process.getuid?.() === 0;
const owner = { uid: 0, gid: 0 };
const LONG = '#!/bin/sh\nexec sleep 1000\n';

interface Programs {
  readonly jailer: string;
  readonly firecracker: string;
  readonly args: readonly string[];
}

function scene(dir: string, programs: Programs): JailScene {
  const base = join(dir, 'jails');
  const put = async (name: string, make: (path: string) => Promise<void>) => {
    await make(join(dir, name));
    return join(dir, name);
  };
  const rootOf = (id: string) => join(base, 'firecracker', id, 'root');
  return {
    caller: () =>
      createJailHost({
        ...{ base, owner, banger: dir, ...programs },
        ...{ processes: createSystemProcesses(), clock: createSystemClock() },
      }),
    file: (name, content) => put(name, (path) => writeFile(path, content, { mode: 0o600 })),
    link: (name, to) => put(name, (path) => symlink(to, path)),
    path: (name) => join(dir, name),
    async read(path) {
      const { uid, gid, mode } = await lstat(path);
      const isOursAlone = uid === owner.uid && gid === owner.gid && (mode & 0o777) === 0o600;
      return { content: await readFile(path, 'utf8'), isOursAlone };
    },
    async entries(id) {
      const names = await readdir(rootOf(id)).catch(unlessMissing);
      return names?.sort();
    },
    async makeInJail(id, name, made) {
      const path = join(rootOf(id), name);
      const { uid } = await lstat(rootOf(id));
      if ('link' in made) return symlink(made.link, path);
      await writeFile(path, made.content);
      await chown(path, uid, uid);
    },
    state: () =>
      Promise.resolve(
        JSON.stringify([
          existsSync(base) ? readdirSync(base).filter((name) => name !== 'exec') : [],
          mountsBelow(dir),
          listCgroups(readCgroupMounts(), 'banger'),
        ]),
      ),
    args: programs.args,
    logFile: join(dir, 'log'),
    async [Symbol.asyncDispose]() {
      const host = this.caller();
      const signal = AbortSignal.timeout(10_000);
      for (const id of await host.list(signal)) {
        for (const identity of await host.find(id))
          await (await host.adopt(id, identity))?.[Symbol.asyncDispose]();
        await host.remove(id, signal);
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function subject(name: string, programs: (dir: string) => Promise<Programs>): JailHostSubject {
  return {
    name,
    async start() {
      const dir = await mkdtemp(join(tmpdir(), 'banger-jails-'));
      return scene(dir, await programs(dir));
    },
  };
}

async function fakePrograms(dir: string): Promise<Programs> {
  const bin = join(dir, 'bin');
  const jailer = await createFakeJailer({ dir: bin });
  await mkdir(bin, { recursive: true });
  const firecracker = join(bin, 'firecracker-v1.16.1');
  await writeFile(firecracker, LONG);
  await chmod(firecracker, 0o755);
  return { jailer, firecracker, args: ['--api-sock', 'api.sock'] };
}

if (isRoot) jailHostContract(subject('with a stand-in for the jailer', fakePrograms));

const { BANGER_TEST_FIRECRACKER: firecracker, BANGER_TEST_JAILER: jailer } = process.env;
if (isRoot && firecracker !== undefined && jailer !== undefined) {
  const args = ['--api-sock', 'api.sock'];
  jailHostContract(
    subject('with the real jailer', () => Promise.resolve({ jailer, firecracker, args })),
  );
}
