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
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import type { JailScene } from '../../../../../../test/contract/jail-host-scene.ts';
import { createFakeJailer } from '../../../../../../test/support/fake-jailer.ts';
import { makeNetworkNamespace } from '../../../../../../test/support/network-namespace.ts';
import { unlessMissing } from '../../../host/missing-files.ts';
import { createSystemClock } from '../../../host/system-clock.ts';
import { createSystemProcesses } from '../../../host/system-processes.ts';
import { cellFiles } from '../cell.ts';
import { listCgroups } from './cgroup-dirs.ts';
import { readCgroupMounts } from './cgroup-mounts.ts';
import { createJailHost, type RootJailHost } from './create-jail-host.ts';
import type { FileOwner } from './jail-files.ts';
import { mountsBelow } from './jail-mounts.ts';
import { jailPlaces } from './jail-places.ts';
import { sweepJails } from './sweep-jails.ts';

export interface JailPrograms {
  readonly name: string;
  /** Made in this directory, or found where they are */
  make(dir: string): Promise<{ readonly jailer: string; readonly firecracker: string }>;
}

/** In the place of Firecracker: makes its socket, as a file, and runs until it is killed. */
const STAND_IN = '#!/bin/sh\n: > api.sock\nexec sleep 1000\n';

const standIns: JailPrograms = {
  name: 'with a stand-in for the jailer',
  async make(dir) {
    const jailer = await createFakeJailer({ dir });
    const firecracker = join(dir, 'firecracker-v1.16.1');
    await writeFile(firecracker, STAND_IN);
    await chmod(firecracker, 0o755);
    return { jailer, firecracker };
  },
};

/** Stand-ins, and the real ones when the environment names them. Jails take root. */
export function jailPrograms(env: NodeJS.ProcessEnv): readonly JailPrograms[] {
  if (process.getuid?.() !== 0) return [];
  const { BANGER_TEST_FIRECRACKER: firecracker, BANGER_TEST_JAILER: jailer } = env;
  if (firecracker === undefined || jailer === undefined) return [standIns];
  const real = {
    name: 'with the real jailer',
    make: () => Promise.resolve({ jailer, firecracker }),
  };
  return [standIns, real];
}

export interface JailSceneOptions {
  /** Whom the files are, and who calls but for root's part */
  readonly owner?: FileOwner;
  /** Files are taken of the scene's directory only, which is the owner's */
  readonly isHelped?: boolean;
}

export interface RootJailScene extends JailScene {
  readonly base: string;
  caller(): RootJailHost;
}

const MAX_TRIES = 500;
const clock = createSystemClock();

/** A directory with jails, and files beside them. */
export async function createJailScene(
  programs: JailPrograms,
  { owner = { uid: 0, gid: 0 }, isHelped = false }: JailSceneOptions = {},
): Promise<RootJailScene> {
  const dir = await mkdtemp(join(tmpdir(), 'banger-jails-'));
  await chmod(dir, 0o711);
  if (isHelped) await chown(dir, owner.uid, owner.gid);
  const base = join(dir, 'jails');
  await mkdir(join(dir, 'bin'));
  const { jailer, firecracker } = await programs.make(join(dir, 'bin'));
  const rootOf = (id: string) => join(base, 'firecracker', id, 'root');
  const kept = new AsyncDisposableStack();
  const caller = () =>
    createJailHost({
      ...{ base, owner, banger: dir, jailer, firecracker },
      ...(isHelped && { filesBelow: dir }),
      ...{ processes: createSystemProcesses(), clock },
    });
  return {
    base,
    caller,
    async file(name, content) {
      const path = join(dir, name);
      await writeFile(path, content, { mode: 0o600 });
      await chown(path, owner.uid, owner.gid);
      return path;
    },
    async link(name, to) {
      await symlink(to, join(dir, name));
      return join(dir, name);
    },
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
      if ('link' in made) return symlink(made.link, path);
      const { uid } = await lstat(rootOf(id));
      await writeFile(path, made.content);
      await chown(path, uid, uid);
    },
    async netns() {
      const { pid } = kept.use(await makeNetworkNamespace());
      return `/proc/${String(pid)}/ns/net`;
    },
    async isInNetns(id, path) {
      const [process] = await caller().find(id);
      const own = `/proc/${String(process?.pid)}/ns/net`;
      return (await stat(own)).ino === (await stat(path)).ino;
    },
    state() {
      const dirs = existsSync(base) ? readdirSync(base) : [];
      const kept = dirs.filter((name) => name !== 'exec');
      // Other bangers of this host may have some, too.
      const own = basename(jailPlaces(base, dir).parent);
      const groups = listCgroups(readCgroupMounts(), 'banger').filter((name) => name === own);
      return Promise.resolve(JSON.stringify([kept, mountsBelow(dir), groups]));
    },
    args: ['--api-sock', cellFiles.api],
    async isUp(id) {
      for (let tries = 0; !existsSync(join(rootOf(id), cellFiles.api)); tries += 1) {
        if (tries > MAX_TRIES) throw new Error(await readFile(join(dir, 'log'), 'utf8'));
        await clock.wait(10, AbortSignal.timeout(1000));
      }
    },
    logFile: join(dir, 'log'),
    async [Symbol.asyncDispose]() {
      const failures = await sweepJails(caller(), new Set(), AbortSignal.timeout(10_000));
      if (failures.length > 0) throw new AggregateError(failures, 'jails are left');
      await kept.disposeAsync();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
