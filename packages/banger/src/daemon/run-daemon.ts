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
    const uid = process.getuid?.() ?? 0;
    const program = join(rootOf(entryDir), 'bin/banger');
    await using daemon = await startDaemon({ env, uid, agentBinary, program });
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

function agentBeside(entryDir: string): string {
  return join(rootOf(entryDir), 'dist/banger-agent');
}

/** Of the checkout or installation: the bundle is one directory below it, the source four. */
function rootOf(entryDir: string): string {
  return join(entryDir, buildInfo.time === 0 ? '../../../..' : '..');
}
