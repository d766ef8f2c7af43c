import type { DaemonInfo } from '@banger/protocol/doctor';

import { buildInfo } from '../build-info.ts';
import type { BangerPaths } from '../host/paths.ts';

/** What a daemon says of itself; what changes is the caller's to know. */
export function daemonInfo(
  { socket, logFile, stateDir }: BangerPaths,
  load: Pick<DaemonInfo, 'startedAt' | 'busy' | 'runningVms' | 'dns'>,
): DaemonInfo {
  const { version, id, time } = buildInfo;
  const rssBytes = process.memoryUsage.rss();
  return {
    version,
    build: { id, time },
    pid: process.pid,
    rssBytes,
    socket,
    logFile,
    stateDir,
    ...load,
  };
}
