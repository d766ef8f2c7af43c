import { EXEC_SUBPROTOCOL } from '@banger/protocol/exec';
import { ExecId } from '@banger/protocol/ids';
import { streams } from '@banger/protocol/streams';

import { unknownExec, type ExecRegistry } from './exec-registry.ts';
import { runExecStream } from './exec-stream.ts';
import type { SocketRoute } from './socket-routes.ts';

/** The stream of a command that was asked for. */
export function execRoute(execs: ExecRegistry, stopping: AbortSignal): SocketRoute {
  return {
    path: streams.execAttach,
    protocol: EXEC_SUBPROTOCOL,
    open({ params }) {
      const id = ExecId.safeParse(params['exec']);
      if (!id.success) throw unknownExec(params['exec'] ?? '');
      const exec = execs.attach(id.data);
      return Promise.resolve({
        async take(socket) {
          try {
            await runExecStream(socket, exec, stopping);
          } finally {
            execs.detach(id.data);
          }
        },
        drop() {
          exec.end(new Error('nobody attached to it'));
          execs.detach(id.data);
        },
      });
    },
  };
}
