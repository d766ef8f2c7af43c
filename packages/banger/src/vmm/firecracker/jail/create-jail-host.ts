/**
 * Jails as root makes them, with Firecracker's own jailer. Below `base`, which only root can change:
 * `firecracker/<id>/root` is a jail's root directory (the jailer chooses these names), and its owner says whose it is;
 * `exec` has the copy of Firecracker that is started. Control groups are `banger/<banger>/<id>` in each controller.
 */
import { createHash } from 'node:crypto';
import { chown, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Clock } from '../../../host/clock.ts';
import { unlessMissing } from '../../../host/missing-files.ts';
import type { Processes } from '../../../host/processes.ts';
import { listCgroups, removeCgroups } from './cgroup-dirs.ts';
import { readCgroupMounts } from './cgroup-mounts.ts';
import { EXEC_NAME, execCopy } from './exec-copy.ts';
import { findJailed, isGoneSoon, isSame } from './find-jailed.ts';
import { clearRoot, ensureRootsOwn, refuseSharedUser, takeAllAway, uidOf } from './jail-dirs.ts';
import { busy, unusable } from './jail-errors.ts';
import { placeFile, type FileOwner, type JailRoot } from './jail-files.ts';
import { Jail, JailFile, JailId, JailSpawn, TakenFile, type JailHost } from './jail-host.ts';
import { mountsBelow, unmountBelow } from './jail-mounts.ts';
import { requireNetns } from './jail-netns.ts';
import { jailProblems } from './jail-problems.ts';
import { jailerCommand } from './jailer-command.ts';
import { moveOut } from './move-out.ts';
import { openToOwner } from './open-to-owner.ts';

export interface JailHostSettings {
  /** Made when it is missing; must be root's alone */
  readonly base: string;
  /** Whom the daemon runs as */
  readonly owner: FileOwner;
  /** A banger's state directory */
  readonly banger: string;
  /** Absolute paths, or names in PATH */
  readonly jailer: string;
  readonly firecracker: string;
  readonly processes: Processes;
  readonly clock: Clock;
}

export function createJailHost(settings: JailHostSettings): JailHost {
  const { base, owner, banger, processes, clock } = settings;
  const jails = join(base, EXEC_NAME);
  const parent = join('banger', createHash('sha256').update(banger).digest('hex').slice(0, 8));
  const rootOf = (id: JailId) => join(jails, JailId.parse(id), 'root');
  const jailed = async (id: JailId) => findJailed({ id, base, uid: await uidOf(rootOf(id)) });
  const rootWith = (id: JailId, uid: number): JailRoot => ({
    path: rootOf(id),
    uid,
    owner,
    processes,
  });

  const host: JailHost = {
    rootOf,
    problems: (signal) => jailProblems(settings, signal),

    async place(jail, files, signal) {
      const { id, uid } = Jail.parse(jail);
      await ensureRootsOwn(base);
      await refuseSharedUser(jails, { id, uid });
      const before = await uidOf(rootOf(id));
      if (before !== undefined && before !== uid) await host.remove(id, signal);
      await ensureRootsOwn(jails);
      await ensureRootsOwn(dirname(rootOf(id)));
      await mkdir(rootOf(id), { recursive: true, mode: 0o700 });
      await chown(rootOf(id), uid, uid);
      for (const file of files) {
        signal.throwIfAborted();
        await placeFile(rootWith(id, uid), JailFile.parse(file), signal);
      }
    },

    async spawn(order, signal) {
      const { id, logFile, netns } = JailSpawn.parse(order);
      const uid = await uidOf(rootOf(id));
      if (uid === undefined) throw unusable(id, 'nothing was placed in it');
      if ((await jailed(id)).length > 0) throw busy(id);
      const checkNetns =
        netns === undefined ? undefined : await requireNetns({ id, path: netns, owner });
      await clearRoot(rootWith(id, uid), signal);
      const firecracker = (await processes.find(settings.firecracker)) ?? settings.firecracker;
      const execFile = await execCopy(join(base, 'exec'), firecracker);
      const command = commandOf(order, { uid, execFile });
      await using cleanup = new AsyncDisposableStack();
      const child = cleanup.use(await processes.spawn(command, { logFile, cwd: '/', signal }));
      if (owner.uid !== 0) {
        await openToOwner({ root: rootOf(id), uid, owner, child, clock }, signal);
        await checkNetns?.(child);
      }
      cleanup.move(); // The caller owns it from here on.
      return child;
    },

    command: ({ uid }, order) => commandOf(order, { uid, execFile: settings.firecracker }),

    async adopt(id, identity) {
      const isThere = (await jailed(id)).some((found) => isSame(found, identity));
      return isThere ? processes.adopt(identity) : undefined;
    },

    find: jailed,

    async takeOut(id, file, signal) {
      const { name, to } = TakenFile.parse(file);
      signal.throwIfAborted();
      const uid = await uidOf(rootOf(id));
      await moveOut({ from: join(rootOf(id), name), to, uid, owner });
    },

    async remove(id, signal) {
      const root = rootOf(id);
      const isEmpty = async () => (await jailed(id)).length === 0;
      if (!(await isGoneSoon(isEmpty, clock, signal))) throw busy(id);
      const uid = await uidOf(root);
      if (uid !== undefined) await takeAllAway(rootWith(id, uid), signal);
      await unmountBelow(processes, dirname(root), signal);
      if (mountsBelow(dirname(root)).length > 0) throw unusable(id, 'something is mounted in it');
      await rm(dirname(root), { recursive: true, force: true });
      await rmdir(jails).catch(() => undefined); // Others are in it, or it was never there.
      const groupsGone = () => removeCgroups(readCgroupMounts(), parent, id);
      if (!(await isGoneSoon(groupsGone, clock, signal))) throw busy(id);
    },

    async list(signal) {
      signal.throwIfAborted();
      const dirs = (await readdir(jails).catch(unlessMissing)) ?? [];
      const all = new Set([...dirs, ...listCgroups(readCgroupMounts(), parent)]);
      return [...all].filter((id) => JailId.safeParse(id).success).sort();
    },
  };
  return host;

  function commandOf(order: JailSpawn, { uid, execFile }: { uid: number; execFile: string }) {
    const { jailer } = settings;
    const mounts = readCgroupMounts();
    return jailerCommand(order, { jailer, execFile, uid, base, parent, mounts });
  }
}
