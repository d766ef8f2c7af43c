import type { Context, Hono } from 'hono';

import { streams } from '@banger/protocol/streams';
import {
  ShipQuery,
  type PlannedShip,
  type Shipped,
  type Workspace,
} from '@banger/protocol/workspace';

import type { Guest } from '../guest/guest.ts';
import type { Clock } from '../host/clock.ts';
import type { VmChange } from '../machine/record.ts';
import { answerBytes, type ByteRequest, type ByteRouteDeps, bytesOf } from './byte-route.ts';

/** A VM that workspaces are shipped into. */
export interface ShipTarget {
  guest(signal: AbortSignal): Promise<Guest>;
  save(change: VmChange, operation: string): void;
}

export interface ShipDeps {
  readonly machines: { find(reference: string): ShipTarget };
  readonly clock: Clock;
}

/** Ships go through as bytes, from client to guest; only what became of them is kept here. */
export function registerShips(
  app: Hono,
  { machines, clock, ...deps }: ShipDeps & ByteRouteDeps,
): void {
  const answer = (c: Context, work: (ship: ArrivingShip) => Promise<PlannedShip | Shipped>) =>
    answerBytes(c, deps, async (request) => {
      const { query, bytes } = bytesOf(c, ShipQuery, 'the ship');
      const vm = machines.find(c.req.param('vm') ?? '');
      return c.json(await work({ ...request, query, bytes, vm }));
    });
  app.put(streams.planShip, (c) =>
    answer(c, async ({ vm, signal, bytes, query, operation }) => {
      const guest = await vm.guest(signal);
      const plan = await guest.workspaces.plan(bytes, signal);
      const workspace = plan.unchanged ? workspaceOf(query, clock.now()) : null;
      if (workspace !== null) vm.save({ workspace }, operation);
      return { ...plan, workspace };
    }),
  );
  app.put(streams.applyShip, (c) =>
    answer(c, async ({ vm, signal, bytes, query, operation }) => {
      const guest = await vm.guest(signal);
      const applied = await guest.workspaces.apply(bytes, signal);
      const workspace = workspaceOf(query, clock.now());
      vm.save({ workspace }, operation);
      return { workspace, ...applied };
    }),
  );
}

interface ArrivingShip extends ByteRequest {
  readonly query: ShipQuery;
  readonly bytes: ReadableStream<Uint8Array>;
  readonly vm: ShipTarget;
}

function workspaceOf(
  { commit, branch, hostCommit, ownBranch, from, ...rest }: ShipQuery,
  now: Date,
): Workspace {
  return {
    ...rest,
    commit: commit ?? null,
    branch: branch ?? null,
    hostCommit: hostCommit ?? null,
    ownBranch: ownBranch ?? null,
    from: from ?? null,
    preparedAt: now.toISOString(),
  };
}
