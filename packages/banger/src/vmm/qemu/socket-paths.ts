import { BangerError } from '@banger/protocol/errors';
import { MAX_SOCKET_PATH_BYTES } from '@banger/protocol/runtime-dir';

import type { MachinePlan } from '../../machine/plan.ts';

export function socketPaths({ paths }: MachinePlan): readonly string[] {
  return [paths.monitorSocket, paths.agentSocket, paths.bulkSocket];
}

/** QEMU's own complaint about it would name neither the limit nor the way out. */
export function checkSocketPaths(plan: MachinePlan): void {
  for (const path of socketPaths(plan)) {
    const bytes = Buffer.byteLength(path);
    if (bytes <= MAX_SOCKET_PATH_BYTES) continue;
    throw new BangerError(
      'host.path_unusable',
      `Cannot start VM "${plan.spec.name}": the socket path "${path}" has ${String(bytes)} bytes, and ${String(MAX_SOCKET_PATH_BYTES)} fit`,
      { hint: 'export XDG_RUNTIME_DIR=/tmp/b, then start the daemon again', details: { path } },
    );
  }
}
