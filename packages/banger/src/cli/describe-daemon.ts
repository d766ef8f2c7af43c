import { formatBytes } from '@banger/protocol/size-text';
import type { DaemonInfo } from '@banger/sdk';

import { fields } from './fields.ts';

export function describeDaemon(info: DaemonInfo): readonly string[] {
  return fields([
    ['daemon', 'running'],
    ['pid', String(info.pid)],
    ['version', `${info.version} (build ${info.build.id})`],
    ['started', info.startedAt],
    ['running VMs', String(info.runningVms)],
    ['busy with', `${String(info.busy)} requests`],
    ['memory', formatBytes(info.rssBytes)],
    ['socket', info.socket],
    ['log', info.logFile],
    ['state', info.stateDir],
    ['names', namesText(info)],
  ]);
}

function namesText({ dns }: DaemonInfo): string {
  if (dns === null) return 'no name server: dns_listen is off';
  return dns.problem ?? `*.vm, at ${dns.listen}`;
}
