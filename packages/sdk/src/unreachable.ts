import { lstatSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';

import { BangerError } from '@banger/protocol/errors';
import { MAX_SOCKET_PATH_BYTES } from '@banger/protocol/runtime-dir';

/** `absent` and `refused` mean that no daemon runs, so one may be started; the others need a person. */
export type UnreachableReason = 'absent' | 'refused' | 'foreign' | 'lost';

/**
 * Throws when a socket must not be used: its path does not fit an address, or it is not ours. Others can make names
 * in /tmp, so a socket there could be anyone's; a missing one is left to `connect` to report.
 */
export function checkSocketPath(socketPath: string): void {
  const bytes = Buffer.byteLength(socketPath);
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    throw new BangerError(
      'host.path_unusable',
      `Cannot use the socket "${socketPath}": its path has ${String(bytes)} bytes, a unix socket takes ${String(MAX_SOCKET_PATH_BYTES)}`,
      { hint: 'export XDG_RUNTIME_DIR=/a/shorter/directory' },
    );
  }
  const stats = lookAt(socketPath);
  if (stats === undefined) return;
  const uid = process.getuid?.() ?? 0;
  if (!stats.isSocket()) throw unreachable(socketPath, 'foreign', 'it is not a socket');
  if (stats.uid !== uid && stats.uid !== 0) throw notOurs(socketPath, stats.uid, uid);
}

/** Why a connection could not be made or broke, from the error and from looking at the socket. */
export function explainUnreachable(socketPath: string, cause: unknown): BangerError {
  if (cause instanceof BangerError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  switch (code) {
    case 'ENOENT':
      return unreachable(socketPath, 'absent', absentBecause(socketPath), cause);
    case 'ECONNREFUSED':
      return unreachable(
        socketPath,
        'refused',
        'nothing listens there (its daemon is gone)',
        cause,
      );
    case 'EACCES':
    case 'EPERM':
      return unreachable(socketPath, 'foreign', `permission denied${ownerOf(socketPath)}`, cause);
    case 'ECONNRESET':
    case 'EPIPE':
    case '':
      return unreachable(socketPath, 'lost', 'it closed the connection before it answered', cause);
    default:
      return code.startsWith('HPE_')
        ? unreachable(socketPath, 'foreign', 'what answers there does not speak HTTP', cause)
        : unreachable(socketPath, 'lost', code, cause);
  }
}

function unreachable(
  socketPath: string,
  reason: UnreachableReason,
  fact: string,
  cause?: unknown,
): BangerError {
  const hints: Readonly<Record<UnreachableReason, string>> = {
    absent: 'banger daemon start',
    refused: 'banger daemon start',
    foreign: `ls -l ${socketPath}`,
    lost: 'banger daemon logs',
  };
  return new BangerError(
    'daemon.unreachable',
    `Cannot reach the daemon at "${socketPath}": ${fact}`,
    { cause, hint: hints[reason], details: { reason, socket: socketPath } },
  );
}

function notOurs(socketPath: string, owner: number, uid: number): BangerError {
  return unreachable(
    socketPath,
    'foreign',
    `it belongs to uid ${String(owner)}, and you are uid ${String(uid)}`,
  );
}

function absentBecause(socketPath: string): string {
  return lookAt(dirname(socketPath)) === undefined
    ? 'there is no such directory (no daemon runs)'
    : 'there is no such socket (no daemon runs)';
}

function ownerOf(socketPath: string): string {
  const stats = lookAt(socketPath) ?? lookAt(dirname(socketPath));
  return stats === undefined ? '' : `, it belongs to uid ${String(stats.uid)}`;
}

function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // A directory on the way cannot be entered: connecting says so.
  }
}
