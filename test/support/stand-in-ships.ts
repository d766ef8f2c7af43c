import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';

import { toBangerError, type ErrorCode } from '../../packages/protocol/src/errors.ts';
import {
  GitWork,
  type WorkspaceService,
} from '../../packages/banger/src/guest/generated/banger/guest/v1/workspace_pb.ts';
import type { Guest } from '../../packages/banger/src/guest/guest.ts';

const gitWork = {
  nothing: GitWork.NOTHING,
  update: GitWork.UPDATE,
  whole: GitWork.WHOLE,
} as const;

const codes: Partial<Record<ErrorCode, Code>> = {
  'workspace.occupied': Code.AlreadyExists,
  'workspace.conflict': Code.Aborted,
  'guest.disk_full': Code.ResourceExhausted,
  'usage.invalid': Code.InvalidArgument,
};

/** The agent's end of shipping, in front of a fake guest. */
export function serveShips({ workspaces }: Guest): ServiceImpl<typeof WorkspaceService> {
  return {
    planShip: (requests, { signal }: HandlerContext) =>
      refusing(async () => {
        const plan = await workspaces.plan(dataOf(requests), signal);
        return {
          ...plan,
          want: [...plan.want],
          conflicts: [...plan.conflicts],
          have: [...plan.have],
          shallow: [...plan.shallow],
          git: gitWork[plan.git],
        };
      }),
    applyShip: (requests, { signal }: HandlerContext) =>
      refusing(() => workspaces.apply(dataOf(requests), signal)),
  };
}

async function* dataOf(requests: AsyncIterable<{ readonly data: Uint8Array }>) {
  for await (const { data } of requests) yield data;
}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = toBangerError(error);
    throw new ConnectError(
      message.replace('The guest cannot take a workspace: ', ''),
      codes[code] ?? Code.FailedPrecondition,
    );
  }
}
