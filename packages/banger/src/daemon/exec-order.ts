import type { OperationId } from '@banger/protocol/ids';

import type { GuestExec } from '../guest/guest.ts';
import type { Supervisor } from '../machine/supervisor.ts';

/** A command as it was asked for. */
export interface ExecOrder {
  readonly vm: Supervisor;
  readonly request: GuestExec;
  /** Nothing was asked for but a shell */
  readonly isShell: boolean;
  readonly timeoutMs: number | undefined;
  /** Of the request that asked for it */
  readonly operation: OperationId;
}
