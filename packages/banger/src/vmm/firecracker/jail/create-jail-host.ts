/**
 * Jails as root makes them, with Firecracker's own jailer. Below `base`, which only root can change:
 * `firecracker/<id>/root` is a jail's root directory (the jailer chooses these names), and the group of `firecracker/<id>` says
 * whose it is; `exec` has the copy of Firecracker that is started. Control groups are `banger/<banger>/<id>` in each controller.
 *
 * While something runs in a jail, its root directory is open to it and to the owner; nothing that is there is believed. It is
 * closed before anything is put in it or taken away by name, and then nobody is there who could change it meanwhile.
 */
import { mkdir, readdir, realpath, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Clock } from '../../../host/clock.ts';
import { unlessMissing } from '../../../host/missing-files.ts';
import type { Processes } from '../../../host/processes.ts';
import { createVersionProbe, type VersionProbe } from '../../version-probe.ts';
import { listCgroups, removeCgroups } from './cgroup-dirs.ts';
import { readCgroupMounts } from './cgroup-mounts.ts';
import { execCopy } from './exec-copy.ts';
import { findJailed, isGoneSoon, isSame } from './find-jailed.ts';
import type { OwnedTree } from './held-file.ts';
import {
  clearRoot,
  ensureRootsOwn,
  recordUser,
  refuseSharedUser,
  takeAllAway,
  uidOf,
} from './jail-dirs.ts';
import { busy, unusable, unusableFile } from './jail-errors.ts';
import { closeRoot, placeFile, type FileOwner, type JailRoot } from './jail-files.ts';
import { Jail, JailFile, JailId, JailSpawn, TakenFile, type JailHost } from './jail-host.ts';
import { holdLog } from './jail-log.ts';
import { mountsBelow, unmountBelow } from './jail-mounts.ts';
import { requireNetns } from './jail-netns.ts';
import { jailPlaces } from './jail-places.ts';
import { jailProblems } from './jail-problems.ts';
import { jailerCommand } from './jailer-command.ts';
import { giveOut, moveOut } from './move-out.ts';
import { openly, openToOwner } from './open-to-owner.ts';
import { removeTree } from './remove-tree.ts';

export interface JailHostSettings {
  /** Made when it is missing; must be root's alone */
  readonly base: string;
  /** Whom the daemon runs as */
  readonly owner: FileOwner;
  /** A banger's state directory */
  readonly banger: string;
  /** Every file that is named has to be the owner's, and below this directory of theirs; undefined: the caller is root */
  readonly filesBelow?: string;
  /** Absolute paths, or names in PATH */
  readonly jailer: string;
  readonly firecracker: string;
  readonly processes: Processes;
  readonly clock: Clock;
  /** Shared with others that ask for them; an own one unless told */
  readonly versions?: VersionProbe;
}

/** What the helper does for the other half of `takeOut`, which moves the file with its owner's rights. */
export interface RootJailHost extends JailHost {
  /** Makes a plain file that was made in the jail its owner's, where it is; as `takeOut` otherwise. */
  giveOut(id: JailId, name: TakenFile['name'], signal: AbortSignal): Promise<void>;
}

export function createJailHost(settings: JailHostSettings): RootJailHost {
  const { base, owner, banger, filesBelow, processes, clock } = settings;
  const { versions = createVersionProbe(settings) } = settings;
  const { jails, exec, parent, rootOf } = jailPlaces(base, banger);
  const userOf = (id: JailId) => uidOf(dirname(rootOf(id)));
  const jailed = async (id: JailId) => findJailed({ id, base, uid: await userOf(id) });
  const treeOf = async (): Promise<OwnedTree | undefined> => {
    if (filesBelow === undefined) return undefined;
    const dir = await realpath(filesBelow).catch((cause: unknown) => {
      throw unusableFile(filesBelow, 'there is no such directory', cause);
    });
    return { dir, uid: owner.uid };
  };
  const rootWith = (id: JailId, uid: number, tree?: OwnedTree): JailRoot => ({
    ...{ path: rootOf(id), uid, owner, tree, processes },
  });

  const host: RootJailHost = {
    rootOf,
    problems: (signal) => jailProblems({ ...settings, versions }, signal),

    async place(jail, files, signal) {
      const { id, uid } = Jail.parse(jail);
      if ((await jailed(id)).length > 0) throw busy(id);
      await ensureRootsOwn(base);
      await refuseSharedUser(jails, { id, uid });
      const before = await userOf(id);
      if (before !== undefined && before !== uid) await host.remove(id, signal);
      await ensureRootsOwn(jails);
      await recordUser(dirname(rootOf(id)), uid);
      await mkdir(rootOf(id), { recursive: true, mode: 0o700 });
      const root = rootWith(id, uid, await treeOf());
      await closeRoot(root);
      for (const file of files) {
        signal.throwIfAborted();
        await placeFile(root, JailFile.parse(file), signal);
      }
    },

    async spawn(order, signal) {
      const { id, logFile, netns } = JailSpawn.parse(order);
      const uid = await userOf(id);
      if (uid === undefined) throw unusable(id, 'nothing was placed in it');
      if ((await jailed(id)).length > 0) throw busy(id);
      const checkNetns =
        netns === undefined ? undefined : await requireNetns({ id, path: netns, owner });
      const root = rootWith(id, uid, await treeOf());
      await closeRoot(root);
      await clearRoot(root, signal);
      const firecracker = (await processes.find(settings.firecracker)) ?? settings.firecracker;
      const execFile = await execCopy(exec, firecracker);
      const command = commandOf(order, { uid, execFile });
      await using log = await holdLog(logFile, root.tree);
      await using cleanup = new AsyncDisposableStack();
      const options = { logFile: log.path, cwd: '/', signal };
      const opened = owner.uid === 0 ? command : openly(command);
      const child = cleanup.use(await processes.spawn(opened, options));
      if (owner.uid !== 0) {
        await openToOwner({ root: root.path, uid, owner, child, clock }, signal);
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
      await moveOut({ from: join(rootOf(id), name), to, uid: await userOf(id), owner });
    },

    async giveOut(id, name, signal) {
      signal.throwIfAborted();
      await giveOut({ from: join(rootOf(id), name), uid: await userOf(id), owner });
    },

    async remove(id, signal) {
      const dir = dirname(rootOf(id));
      const isEmpty = async () => (await jailed(id)).length === 0;
      if (!(await isGoneSoon(isEmpty, clock, signal))) throw busy(id);
      const uid = await userOf(id);
      if (uid !== undefined) {
        const root = rootWith(id, uid);
        await closeRoot(root);
        await takeAllAway(root, signal);
      }
      await unmountBelow(processes, dir, signal);
      if (mountsBelow(dir).length > 0) throw unusable(id, 'something is mounted in it');
      await removeTree(processes, dir, signal);
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
