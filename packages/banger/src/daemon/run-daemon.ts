import { once } from 'node:events';
import { join } from 'node:path';

import { toBangerError } from '@banger/protocol/errors';
import { toWireError } from '@banger/protocol/wire-error';

import { buildInfo } from '../build-info.ts';
import { tellReadiness } from '../host/readiness.ts';
import { startDaemon } from './compose.ts';

/**
 * One daemon from start to end: says on the readiness pipe that it serves, or why it does not, then waits for a
 * client's request or a signal. Resolves with the exit status.
 */
export async function runDaemon(entryDir: string): Promise<number> {
  const { env } = process;
  const ready = tellReadiness(env['BANGER_READY_FD']);
  process.umask(0o077);
  const ended = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ended.abort());
  process.on('SIGHUP', () => undefined); // The terminal that started it may go; the VMs need it.
  try {
    const agentBinary = env['BANGER_AGENT_BINARY'] ?? agentBeside(entryDir);
    await using daemon = await startDaemon({ env, uid: process.getuid?.() ?? 0, agentBinary });
    process.on('uncaughtException', (error) =>
      daemon.log.fatal({ err: error }, 'uncaught exception'),
    );
    ready({ ready: true });
    const stop = AbortSignal.any([ended.signal, daemon.stopRequested]);
    if (!stop.aborted) await once(stop, 'abort');
    daemon.log.info('stopping');
  } catch (error) {
    ready({ error: toWireError(toBangerError(error)) });
    return 1;
  }
  return 0;
}

/** The bundle has it beside itself in dist/; run from source, it is in the checkout's dist/. */
function agentBeside(entryDir: string): string {
  const dist = buildInfo.time === 0 ? join(entryDir, '../../../../dist') : entryDir;
  return join(dist, 'banger-agent');
}
