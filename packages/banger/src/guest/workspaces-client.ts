import { createClient } from '@connectrpc/connect';

import { BangerError, type ErrorCode } from '@banger/protocol/errors';
import { ShipPlan } from '@banger/protocol/workspace';

import {
  GitWork,
  WorkspaceService,
  type PlanShipResponse,
} from './generated/banger/guest/v1/workspace_pb.ts';
import type { GuestCalls } from './guest-calls.ts';
import type { GuestWorkspaces, ShipBytes } from './guest-workspaces.ts';

/** A plan reads files of the guest; how long a ship takes is up to its size. */
const PLAN_MS = 300_000;

/** Bytes in one message */
const CHUNK_BYTES = 1024 * 1024;

/** The agent's `WorkspaceService`. */
export function createWorkspacesClient(calls: GuestCalls): GuestWorkspaces {
  const client = createClient(WorkspaceService, calls.transport);
  return {
    plan: (bytes, signal) =>
      ship(bytes, signal, async (messages, alive) => {
        const answer = await client.planShip(messages, { signal: alive, timeoutMs: PLAN_MS });
        return planFrom(answer);
      }),
    apply: (bytes, signal) =>
      ship(bytes, signal, async (messages, alive) => {
        const { written, removed } = await client.applyShip(messages, { signal: alive });
        return { written, removed };
      }),
  };

  /** What goes wrong with the bytes themselves is told as it is, not as the call that it ended. */
  async function ship<T>(
    bytes: ShipBytes,
    signal: AbortSignal,
    run: (messages: AsyncIterable<{ data: Uint8Array }>, alive: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const over = new AbortController();
    let failure: unknown;
    async function* messages() {
      try {
        for await (const chunk of bytes) yield* pieces(chunk);
      } catch (error) {
        failure = error;
        over.abort(error);
        throw error;
      }
    }
    try {
      const until = AbortSignal.any([signal, over.signal]);
      return await calls.stream('take a workspace', until, (alive) => run(messages(), alive));
    } catch (error) {
      throw failure ?? knownRefusal(error);
    }
  }
}

function* pieces(chunk: Uint8Array): Generator<{ data: Uint8Array }, void> {
  for (let at = 0; at < chunk.length; at += CHUNK_BYTES) {
    yield { data: chunk.subarray(at, at + CHUNK_BYTES) };
  }
}

const gitWork = new Map<number, ShipPlan['git']>([
  [GitWork.NOTHING, 'nothing'],
  [GitWork.UPDATE, 'update'],
  [GitWork.WHOLE, 'whole'],
]);

function planFrom({ git, ...answer }: PlanShipResponse): ShipPlan {
  const checked = ShipPlan.safeParse({ ...answer, git: gitWork.get(git) });
  if (checked.success) return checked.data;
  throw new BangerError('guest.protocol', 'The guest planned a ship beyond all bounds', {
    cause: checked.error,
  });
}

/** By the code that the agent gave the failure (proto/banger/guest/v1/workspace.proto) */
const refusals: Readonly<Record<string, ErrorCode>> = {
  AlreadyExists: 'workspace.occupied',
  ResourceExhausted: 'guest.disk_full',
  InvalidArgument: 'usage.invalid',
  Aborted: 'workspace.conflict',
  Unavailable: 'workspace.busy',
};

const hints: Partial<Record<ErrorCode, string>> = {
  'workspace.occupied': 'Give another place with --guest-path, or remove what is there',
  'guest.disk_full': 'Make room in the guest, or give it a larger disk: banger vm set VM --disk-size 16G',
  'workspace.conflict': '--overwrite takes the side of the host',
  'workspace.busy': 'Wait for it to end, and ship again',
};

function knownRefusal(error: unknown): unknown {
  if (!(error instanceof BangerError) || error.code !== 'guest.refused') return error;
  const code = refusals[String(error.details['guestCode'])];
  if (code === undefined) return error;
  return new BangerError(code, error.message, { cause: error, hint: hints[code] });
}
