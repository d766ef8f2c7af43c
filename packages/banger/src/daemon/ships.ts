import type { Context, Hono } from 'hono';

import { BangerError, toBangerError } from '@banger/protocol/errors';
import { newOperationId, OperationId } from '@banger/protocol/ids';
import { OPERATION_HEADER, streams } from '@banger/protocol/streams';
import {
  ShipQuery,
  type PlannedShip,
  type Shipped,
  type Workspace,
} from '@banger/protocol/workspace';

import type { Guest } from '../guest/guest.ts';
import type { Clock } from '../host/clock.ts';
import type { VmChange } from '../machine/record.ts';
import type { DaemonLog } from './daemon-log.ts';
import { errorResponse } from './error-response.ts';

/** A VM that workspaces are shipped into. */
export interface ShipTarget {
  guest(signal: AbortSignal): Promise<Guest>;
  save(change: VmChange, operation: string): void;
}

export interface ShipDeps {
  readonly machines: { find(reference: string): ShipTarget };
  readonly clock: Clock;
  readonly log: Pick<DaemonLog, 'warn'>;
}

/** Ships go through as bytes, from client to guest; only what became of them is kept here. */
export function registerShips(
  app: Hono,
  { machines, clock, log }: ShipDeps,
  stopping: AbortSignal,
): void {
  const answer = async (
    c: Context,
    work: (ship: ArrivingShip) => Promise<PlannedShip | Shipped>,
  ) => {
    const given = OperationId.safeParse(c.req.header(OPERATION_HEADER));
    const operation = given.success ? given.data : newOperationId();
    try {
      return c.json(await work({ ...readShip(c, machines, stopping), operation }));
    } catch (error) {
      const known = toBangerError(error);
      log.warn({ operation, code: known.code, err: known }, known.message);
      return errorResponse(known, operation);
    }
  };
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

interface ArrivingShip extends ReturnType<typeof readShip> {
  readonly operation: OperationId;
}

function readShip(c: Context, machines: ShipDeps['machines'], stopping: AbortSignal) {
  const query = ShipQuery.safeParse(c.req.query());
  const { body } = c.req.raw;
  if (!query.success || body === null) {
    const fact = query.error?.issues[0];
    throw new BangerError(
      'usage.invalid',
      `Cannot read the ship: ${fact === undefined ? 'it has no body' : `${fact.path.join('.')}: ${fact.message}`}`,
      { cause: query.error },
    );
  }
  const vm = machines.find(c.req.param('vm') ?? '');
  const signal = AbortSignal.any([c.req.raw.signal, stopping]);
  return { query: query.data, vm, signal, bytes: body };
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
