import { join } from 'node:path';

import { HELPED_JAILS } from '../helper/helped-jails.ts';
import { HELPER_SOCKET, SETTINGS_FILE } from '../helper/helper-settings.ts';

/** Everything that an installation has outside of its owner's directories. docs/state-on-disk.md says what each is. */
export interface SystemPlaces {
  /** The program, as root runs it */
  readonly program: string;
  readonly settings: string;
  readonly settingsDir: string;
  readonly units: Readonly<Record<UnitName, string>>;
  /** Of the sockets */
  readonly runDir: string;
  /** Of jails */
  readonly jails: string;
}

export const DAEMON_UNIT = 'bangerd.service';
export const SOCKET_UNIT = 'banger-helper.socket';
export const HELPER_UNIT = 'banger-helper@.service';
export const JAIL_SOCKET_UNIT = 'banger-jail.socket';
export const JAIL_UNIT = 'banger-jail@.service';
/** Whoever may connect there has the daemon started, which otherwise only root may. */
export const START_SOCKET = '/run/banger/start.sock';
export const START_SOCKET_UNIT = 'banger-start.socket';
export const START_UNIT = 'banger-start@.service';
/** What serves comes with connections to these. */
export const SOCKET_UNITS = [SOCKET_UNIT, JAIL_SOCKET_UNIT, START_SOCKET_UNIT] as const;
/** Helpers that serve a connection; the daemon opens the next one when it needs it. */
export const HELPER_INSTANCES = ['banger-helper@*.service', 'banger-jail@*.service'] as const;
/** systemd makes one for the instances of each unit, and leaves it there; "-" is "\x2d" in their names (systemd.unit(5)). */
export const INSTANCE_SLICES = 'system-banger?x2d*.slice';
export type UnitName =
  | typeof DAEMON_UNIT
  | (typeof SOCKET_UNITS)[number]
  | typeof HELPER_UNIT
  | typeof JAIL_UNIT
  | typeof START_UNIT;

/** Where they are seen from the programs themselves. */
export const PROGRAM_DIR = '/usr/local/lib/banger';

/** `root` is put before all of them, for tests. */
export function systemPlaces(root = ''): SystemPlaces {
  const unit = (name: UnitName) => join(root, '/etc/systemd/system', name);
  const settings = join(root, SETTINGS_FILE);
  return {
    program: join(root, PROGRAM_DIR),
    settings,
    settingsDir: join(settings, '..'),
    units: {
      [DAEMON_UNIT]: unit(DAEMON_UNIT),
      [SOCKET_UNIT]: unit(SOCKET_UNIT),
      [HELPER_UNIT]: unit(HELPER_UNIT),
      [JAIL_SOCKET_UNIT]: unit(JAIL_SOCKET_UNIT),
      [JAIL_UNIT]: unit(JAIL_UNIT),
      [START_SOCKET_UNIT]: unit(START_SOCKET_UNIT),
      [START_UNIT]: unit(START_UNIT),
    },
    runDir: join(root, HELPER_SOCKET, '..'),
    jails: join(root, HELPED_JAILS),
  };
}
