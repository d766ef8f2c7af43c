import type {
  Banger,
  CreateOptions,
  SourceOptions,
  VmHandle,
  WorkspaceShip,
  WorkspaceSource,
} from '@banger/sdk';

import { bootstrapTools, refuseWithoutNetwork, toolsFile } from './bootstrap-tools.ts';
import type { Context } from './command.ts';
import { openCheckout } from './open-checkout.ts';
import { asShipStage } from './ship-stage.ts';

/** The checkout of a `vm run PATH`, looked at and being packed before there is a VM. */
export interface RunWorkspace extends AsyncDisposable {
  /** Begins to pack: the VM takes its time, too */
  begin(banger: Banger): Promise<void>;
  /** Lays it down in the new VM, which is deleted when that fails. */
  layDown(banger: Banger, vm: VmHandle): Promise<void>;
  /** Has mise install the tools that it asks for; resolves with whether they are there. */
  installTools(banger: Banger, vm: VmHandle): Promise<boolean>;
}

export interface RunWorkspaceOptions extends SourceOptions {
  readonly noBootstrap: boolean;
  readonly nat: CreateOptions['nat'];
}

type Needs = Pick<Context, 'out' | 'world' | 'signal'>;

/** Refuses here what would fail later. */
export async function openRunWorkspace(
  path: string,
  { noBootstrap, nat, ...options }: RunWorkspaceOptions,
  context: Needs,
): Promise<RunWorkspace> {
  await using cleanup = new AsyncDisposableStack();
  const source = cleanup.use(await openCheckout(path, options, context));
  const tools = noBootstrap ? undefined : toolsFile(source);
  if (tools !== undefined) refuseWithoutNetwork(tools, nat);
  const owned = cleanup.move(); // The workspace owns the source.
  let ship: Promise<WorkspaceShip> | undefined;
  const shipOf = (banger: Banger) =>
    (ship ??= banger.vms.workspaces.ship(source, { ...options, signal: context.signal }));
  return {
    async begin(banger) {
      (await shipOf(banger)).pack();
    },
    async layDown(banger, vm) {
      await shipNew(source, vm, { banger, ship: await shipOf(banger), context });
    },
    async installTools(banger, { id }) {
      if (tools === undefined) return false;
      return bootstrapTools(banger, { vm: id, file: tools }, context);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A VM that its workspace could not be shipped into is of no use to anybody. */
async function shipNew(
  source: WorkspaceSource,
  vm: VmHandle,
  parts: { readonly banger: Banger; readonly ship: WorkspaceShip; readonly context: Needs },
): Promise<void> {
  const { banger, ship, context } = parts;
  try {
    await asShipStage(source, context, () => ship.send(vm.id));
  } catch (error) {
    // The first failure is the one to tell.
    await banger.vms.delete(vm.id).catch(() => undefined);
    throw error;
  }
}
