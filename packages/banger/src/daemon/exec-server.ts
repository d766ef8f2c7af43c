import type { WebSocket } from 'ws';

import type { ExecId } from '@banger/protocol/ids';

import type { Activity } from './activity.ts';
import type { DaemonLog } from './daemon-log.ts';
import type { ExecRegistry } from './exec-registry.ts';
import { runExecStream } from './exec-stream.ts';

export interface ExecServerDeps {
  readonly execs: ExecRegistry;
  readonly activity: Activity;
  readonly log: DaemonLog;
  readonly stopping: AbortSignal;
}

/** Takes each accepted WebSocket to the command it was opened for. */
export function createExecServer(deps: ExecServerDeps): (socket: WebSocket, id: ExecId) => void {
  return (socket, id) => {
    serve(socket, id, deps).catch((error: unknown) => {
      deps.log.error({ err: error, exec: id }, 'an exec stream failed');
      socket.terminate();
    });
  };
}

async function serve(
  socket: WebSocket,
  id: ExecId,
  { execs, activity, stopping }: ExecServerDeps,
): Promise<void> {
  using _ = activity.begin();
  const exec = execs.attach(id);
  try {
    await runExecStream(socket, exec, stopping);
  } finally {
    execs.detach(id);
  }
}
