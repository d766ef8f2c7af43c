import { BangerError } from '@banger/protocol/errors';
import type { ShipPlan } from '@banger/protocol/workspace';

import { readFakeShip, type FakeShip } from './fake-ship.ts';
import type { ShipApplied, ShipBytes } from './guest-workspaces.ts';

/** Places of a fake guest, by their path. */
export class FakeWorkspaces {
  /** Files of others than us */
  readonly foreign = new Set<string>(['/root/foreign']);
  /** Paths that the guest has changed */
  readonly touched = new Set<string>();
  readonly shipped = new Map<string, FakeShip>();
  /** More than this at a place is refused */
  roomBytes = 2 ** 30;

  async plan(bytes: ShipBytes): Promise<ShipPlan> {
    return this.#planOf(await readFakeShip(bytes));
  }

  async apply(bytes: ShipBytes): Promise<ShipApplied> {
    const ship = await readFakeShip(bytes);
    const plan = this.#planOf(ship);
    if (plan.conflictCount > 0) throw refused('workspace.conflict', plan.conflicts[0] ?? '');
    const missing = plan.want.find((index) => !ship.contents.has(ship.files[index]?.path ?? ''));
    if (!ship.isWhole || missing !== undefined) throw refused('usage.invalid', 'it was cut short');
    const before = this.shipped.get(ship.guestPath)?.contents ?? new Map<string, string>();
    const contents = new Map([...before, ...ship.contents]);
    this.shipped.set(ship.guestPath, { ...ship, contents });
    return { written: plan.want.length, removed: plan.removeCount };
  }

  #planOf({ guestPath, files, gitVersion, overwrite }: FakeShip): ShipPlan {
    if (this.foreign.has(guestPath)) throw refused('workspace.occupied', guestPath);
    const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (bytes > this.roomBytes) throw refused('guest.disk_full', guestPath);
    const before = this.shipped.get(guestPath);
    const old = new Map(before?.files.map(({ path, stamp }) => [path, stamp]));
    const want = files.flatMap(({ path, stamp }, index) => (old.get(path) === stamp ? [] : [index]));
    const conflicts = want
      .map((index) => files[index]?.path ?? '')
      .filter((path) => old.has(path) && this.touched.has(path) && !overwrite);
    const paths = new Set(files.map(({ path }) => path));
    const removeCount = [...old.keys()].filter((path) => !paths.has(path)).length;
    const isSame = before?.gitVersion === gitVersion;
    return {
      unchanged: isSame && want.length === 0 && removeCount === 0,
      want,
      removeCount,
      conflictCount: conflicts.length,
      conflicts,
      git: before === undefined ? 'whole' : isSame ? 'nothing' : 'update',
      have: [],
      shallow: [],
    };
  }
}

function refused(
  code: 'workspace.occupied' | 'workspace.conflict' | 'guest.disk_full' | 'usage.invalid',
  fact: string,
): BangerError {
  return new BangerError(code, `The guest cannot take a workspace: ${fact}`);
}
