import { BangerError } from '@banger/protocol/errors';
import { fillPath, streams } from '@banger/protocol/streams';
import {
  DEFAULT_GUEST_PATH,
  PlannedShip,
  Shipped,
  type ShipPlan,
  type Workspace,
} from '@banger/protocol/workspace';
import type { z } from 'zod';

import type { CallOptions } from '../call-options.ts';
import { signalOf } from '../call-options.ts';
import type { Caller } from '../caller.ts';
import { checkShape } from '../check-answer.ts';
import { readText } from '../read-text.ts';
import { withQuery } from '../build-request.ts';
import { updatedCheckout, wholeCheckout, type GitParts } from './git-parts.ts';
import { readWholeState, type GitState } from './git-state.ts';
import { inPieces } from './pieces.ts';
import { shipHead, shipItems, type ShipHeader } from './ship.ts';
import type { WorkspaceSource } from './source.ts';
import type { SourceOptions } from './target.ts';

/** Where and how a workspace is laid down. */
export interface PlaceOptions {
  /** Default: `/root/repo` */
  readonly guestPath?: string | undefined;
  /** The guest can only read it, until the VM stops or the next ship */
  readonly readOnly?: boolean | undefined;
  /** Where both sides changed something, the host's wins; what the guest did there is lost */
  readonly overwrite?: boolean | undefined;
}

/** What came of a ship. */
export interface PreparedWorkspace {
  readonly workspace: Workspace;
  /** Nothing had changed since the last one */
  readonly unchanged: boolean;
  /** Files written and removed in the guest */
  readonly written: number;
  readonly removed: number;
}

/** A source on its way into a VM. What takes long and needs no guest can begin early. */
export interface WorkspaceShip {
  /** Begins to pack for a guest that has nothing yet. A failure is told by `send`. */
  pack(): void;
  send(vm: string, options?: CallOptions): Promise<PreparedWorkspace>;
}

const NO_GIT: GitParts = { parts: [], shallow: [], bytes: 0 };

export function createShip(
  caller: Caller,
  source: WorkspaceSource,
  { signal: abort, ...options }: SourceOptions & PlaceOptions & Pick<CallOptions, 'signal'>,
): WorkspaceShip {
  const signal = signalOf({ signal: abort });
  let state: Promise<GitState> | undefined;
  let whole: Promise<GitParts> | undefined;
  const readState = () => (state ??= readWholeState(source, signal));
  const packWhole = () =>
    (whole ??= readState().then((known) => wholeCheckout(source, known, signal)));
  const query = queryOf(source, options);

  async function gitFor(plan: ShipPlan): Promise<GitParts> {
    if (plan.git === 'nothing') return NO_GIT;
    if (plan.git === 'whole') return packWhole();
    return updatedCheckout(source, { state: await readState(), guest: plan }, signal);
  }

  async function put<O extends z.ZodType>(
    path: string,
    body: AsyncIterable<Uint8Array>,
    answer: O,
  ): Promise<z.output<O>> {
    const response = await caller.upload(withQuery(path, query), body, { signal });
    return checkShape(answer, JSON.parse(await readText(response.body)), 'a ship');
  }

  return {
    pack: () => void packWhole().catch(() => undefined),
    async send(vm) {
      const { head, refs, version } = await readState();
      const header: ShipHeader = {
        guestPath: query.guestPath,
        readOnly: options.readOnly ?? false,
        overwrite: options.overwrite ?? false,
        ...{ head, refs, gitVersion: version, shallow: [], gitBytes: 0 },
      };
      const { files } = source;
      const first = inPieces(shipHead(header, files));
      const plan = await put(fillPath(streams.planShip, { vm }), first, PlannedShip);
      if (plan.workspace !== null) {
        return { workspace: plan.workspace, unchanged: true, written: 0, removed: 0 };
      }
      refuseConflicts(plan, vm);
      const want = plan.want.filter((index) => index < files.length);
      const { parts, shallow, bytes } = await gitFor(plan);
      const contents = { root: source.root, files, want, git: parts };
      const head2 = { ...header, shallow, gitBytes: bytes };
      async function* all() {
        yield* shipHead(head2, files);
        yield* shipItems(contents, signal);
      }
      const shipped = await put(fillPath(streams.applyShip, { vm }), inPieces(all()), Shipped);
      return { ...shipped, unchanged: false };
    },
  };
}

function queryOf(
  { repository, mode, head }: WorkspaceSource,
  {
    guestPath = DEFAULT_GUEST_PATH,
    readOnly = false,
    includeUntracked = false,
    branch,
    from,
  }: SourceOptions & PlaceOptions,
) {
  const named = {
    commit: head.commit,
    hostCommit: repository.head.commit,
    branch: head.ref?.replace('refs/heads/', ''),
    ownBranch: branch,
    from,
  };
  const given = Object.entries(named).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return {
    hostPath: repository.topLevel,
    guestPath,
    mode,
    readOnly: String(readOnly),
    includeUntracked: String(includeUntracked),
    ...Object.fromEntries(given),
  };
}

function refuseConflicts({ conflictCount, conflicts }: ShipPlan, vm: string): void {
  if (conflictCount === 0) return;
  const [first = '', ...others] = conflicts;
  const named = [first, ...others.slice(0, 4)].join(', ');
  const more = conflictCount > 5 ? ` and ${String(conflictCount - 5)} more` : '';
  throw new BangerError(
    'workspace.conflict',
    `Cannot ship to VM "${vm}": changed in the guest and on the host: ${named}${more}`,
    {
      hint: '--overwrite takes the side of the host; "banger vm workspace export" saves what was done in the guest',
      details: { conflicts, conflictCount },
    },
  );
}
