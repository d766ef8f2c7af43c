import { Socket } from 'node:net';

import { BangerError, toBangerError } from '@banger/protocol/errors';
import { toWireError } from '@banger/protocol/wire-error';

import { buildInfo } from '../build-info.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createHelperLog } from './helper-log.ts';
import { readHelperSettings, type HelperSettings } from './helper-settings.ts';
import { peerUid } from './peer-uid.ts';
import type { RequestList } from './request-list.ts';
import { hangUp, serveRequests } from './serve-requests.ts';

/** Where systemd puts the connection of a service with `Accept=yes` (sd_listen_fds(3)) */
const CONNECTION_FD = 3;

export interface HelperProgram {
  /** What systemd calls the connection */
  readonly instance: string;
  readonly settingsFile: string;
  readonly requests: (settings: HelperSettings, version: string) => RequestList;
}

/** Serves one connection to its end. Resolves with the exit status. */
export async function runHelper({
  instance,
  settingsFile,
  requests,
}: HelperProgram): Promise<number> {
  const uid = peerUid(instance);
  const log = createHelperLog(uid);
  const connection = new Socket({ fd: CONNECTION_FD, readable: true, writable: true });
  try {
    const settings = await readHelperSettings(settingsFile);
    checkPeer(uid, settings);
    log.info('connected');
    await serveRequests(connection, {
      requests: requests(settings, buildInfo.version),
      clock: createSystemClock(),
      log: (entry) => log.info(entry, 'request'),
    });
    log.info('disconnected');
    return 0;
  } catch (thrown) {
    const error = toBangerError(thrown);
    log.error({ err: error }, 'refused');
    connection.write(`${JSON.stringify({ id: null, error: toWireError(error) })}\n`);
    await hangUp(connection, new AbortController().signal);
    return 1;
  }
}

function checkPeer(uid: number | undefined, { owner }: HelperSettings): void {
  if (uid === owner.uid || uid === 0) return;
  const who = uid === undefined ? 'somebody unknown' : `uid ${String(uid)}`;
  throw new BangerError(
    'helper.refused',
    `Cannot work for ${who}: the helper is for "${owner.name}"`,
    {
      hint: `sudo banger system install --owner ${owner.name}`,
    },
  );
}
