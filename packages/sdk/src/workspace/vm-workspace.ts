import { api } from '@banger/protocol/api';
import { BangerError } from '@banger/protocol/errors';

import type { CallOptions } from '../call-options.ts';
import { signalOf } from '../call-options.ts';
import type { Caller } from '../caller.ts';
import type { ExportOptions } from './export-patch.ts';
import type { PlaceOptions, PreparedWorkspace, WorkspaceShip } from './prepare-workspace.ts';
import type { WorkspaceSource } from './source.ts';
import type { SourceOptions } from './target.ts';

export interface PrepareOptions extends SourceOptions, PlaceOptions, CallOptions {}
export type SyncOptions = Pick<PlaceOptions, 'overwrite'> & CallOptions;

/** Checkouts of this machine and VMs. */
export interface Workspaces {
  /** Looks at the checkout of a git repository; refuses what cannot be shipped. Contacts nobody. */
  open(path: string, options?: SourceOptions & CallOptions): Promise<WorkspaceSource>;
  /** A checkout that was looked at, for a VM that may not be there yet. */
  ship(source: WorkspaceSource, options?: PrepareOptions): Promise<WorkspaceShip>;
  /** Ships a checkout into a running VM, or brings it up to date there. */
  prepare(vm: string, path: string, options?: PrepareOptions): Promise<PreparedWorkspace>;
  /** Ships again what was shipped last, the same way. Rejects with `workspace.none` when that was nothing. */
  sync(vm: string, options?: SyncOptions): Promise<PreparedWorkspace>;
  /** Writes what was changed in the guest as a patch for `git apply`; resolves when all of it was taken. */
  export(vm: string, options: ExportOptions): Promise<void>;
}

/** The code for it is loaded when it is used: most commands need none of it. */
export function createWorkspaces(caller: Caller): Workspaces {
  const workspaces: Workspaces = {
    async open(path, options = {}) {
      const { openSource } = await import('./source.ts');
      return openSource(path, options, signalOf(options));
    },
    async ship(source, options = {}) {
      const { createShip } = await import('./prepare-workspace.ts');
      return createShip(caller, source, options);
    },
    async prepare(vm, path, options = {}) {
      await using source = await workspaces.open(path, options);
      for (const warning of source.warnings) options.onWarning?.(warning);
      const ship = await workspaces.ship(source, options);
      return await ship.send(vm);
    },
    async sync(vm, options = {}) {
      const { name, workspace } = await caller.call(api.showVm, { vm }, options);
      if (workspace === null) throw noWorkspace(name);
      const { hostPath, guestPath, mode, readOnly, includeUntracked, ownBranch, from } = workspace;
      return workspaces.prepare(vm, hostPath, {
        ...options,
        ...{ guestPath, mode, readOnly, includeUntracked },
        branch: ownBranch ?? undefined,
        from: from ?? undefined,
      });
    },
    async export(vm, options) {
      const { exportPatch } = await import('./export-patch.ts');
      await exportPatch(caller, vm, options);
    },
  };
  return workspaces;
}

/** The workspace of one VM. */
export interface VmWorkspace {
  prepare(path: string, options?: PrepareOptions): Promise<PreparedWorkspace>;
  export(options: ExportOptions): Promise<void>;
}

function noWorkspace(name: string): BangerError {
  return new BangerError(
    'workspace.none',
    `Cannot bring the workspace of VM "${name}" up to date: none was shipped into it`,
    { hint: `banger vm workspace prepare ${name} .` },
  );
}
