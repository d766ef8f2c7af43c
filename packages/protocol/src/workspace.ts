import { z } from 'zod';

/** How much of a repository's history is shipped. */
export const WorkspaceMode = z.enum(['shallow', 'full_copy']);
export type WorkspaceMode = z.infer<typeof WorkspaceMode>;

/** Where a workspace lies in the guest unless told otherwise */
export const DEFAULT_GUEST_PATH = '/root/repo';

const GuestPath = z
  .string()
  .max(4000)
  .regex(/^\/(?!.*(^|\/)\.{0,2}(\/|$)).+$/s, { error: 'an absolute path without "." and ".."' });

/** A host's checkout as it was shipped into a VM last. */
export const Workspace = z.object({
  /** The checkout's top directory, on the machine of the client that shipped it */
  hostPath: z.string().min(1).max(4096),
  guestPath: GuestPath,
  mode: WorkspaceMode,
  readOnly: z.boolean(),
  /** HEAD of the guest when it was shipped; null in a repository without a commit */
  commit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .nullable(),
  /** null: detached */
  branch: z.string().max(1024).nullable(),
  /** HEAD of the host's checkout then: another one means that it has moved on */
  hostCommit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .nullable(),
  includeUntracked: z.boolean(),
  /** The branch that was made for it, and where that was told to begin; a ship that brings it up to date does the same */
  ownBranch: z.string().max(1024).nullable(),
  from: z.string().max(1024).nullable(),
  preparedAt: z.iso.datetime(),
});
export type Workspace = z.infer<typeof Workspace>;

/** Query of the requests for a ship; what is not a text is one here. */
export const ShipQuery = z.object({
  hostPath: Workspace.shape.hostPath,
  guestPath: GuestPath,
  mode: WorkspaceMode,
  readOnly: z.stringbool(),
  includeUntracked: z.stringbool(),
  commit: Workspace.shape.commit.unwrap().optional(),
  hostCommit: Workspace.shape.hostCommit.unwrap().optional(),
  branch: Workspace.shape.branch.unwrap().optional(),
  ownBranch: Workspace.shape.ownBranch.unwrap().optional(),
  from: Workspace.shape.from.unwrap().optional(),
});
export type ShipQuery = z.infer<typeof ShipQuery>;

/** Most that a guest may name */
const MAX_NAMED = 100_000;
const Commit = z.string().regex(/^[0-9a-f]{40,64}$/);

/** What a guest needs of a ship. Said by a guest, so bounded. */
export const ShipPlan = z.object({
  unchanged: z.boolean(),
  /** Places in the manifest of the files whose contents are needed */
  want: z.array(z.int().min(0)).max(2_000_000),
  removeCount: z.int().min(0),
  conflictCount: z.int().min(0),
  /** The first ones, quoted as git does */
  conflicts: z.array(z.string().max(20_000)).max(100),
  git: z.enum(['nothing', 'update', 'whole']),
  /** Commits whose history the guest has, down to those in `shallow` */
  have: z.array(Commit).max(MAX_NAMED),
  shallow: z.array(Commit).max(MAX_NAMED),
});
export type ShipPlan = z.infer<typeof ShipPlan>;

/** A plan, and what the workspace is when there is nothing to be done. */
export const PlannedShip = ShipPlan.extend({ workspace: Workspace.nullable() });
export type PlannedShip = z.infer<typeof PlannedShip>;

/** What came of a ship. */
export const Shipped = z.object({
  workspace: Workspace,
  /** Files written and removed in the guest */
  written: z.int().min(0),
  removed: z.int().min(0),
});
export type Shipped = z.infer<typeof Shipped>;
