import { Code, ConnectError } from '@connectrpc/connect';

import { type BangerError, toBangerError } from '../../packages/protocol/src/errors.ts';
import { ExecFailure_Reason as Reason } from '../../packages/banger/src/guest/generated/banger/guest/v1/guest_pb.ts';

export const failureReasons: Readonly<Partial<Record<BangerError['code'], Reason>>> = {
  'exec.not_found': Reason.NOT_FOUND,
  'exec.not_executable': Reason.NOT_EXECUTABLE,
  'exec.invalid': Reason.BAD_CWD,
};

/** An agent reports what it refuses as FAILED_PRECONDITION. */
export async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new ConnectError(toBangerError(error).message, Code.FailedPrecondition);
  }
}
