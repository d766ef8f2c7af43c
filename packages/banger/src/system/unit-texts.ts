/**
 * The systemd units of an installation; docs/decisions/0027 and 0029 say why each is as it is. Pure. Checked values only go in: a
 * user's name and number.
 */
import { HELPER_SOCKET, JAIL_SOCKET } from '../helper/helper-settings.ts';
import type { SystemOwner } from './find-owner.ts';
import { hardening, jailHardening } from './unit-hardening.ts';
import {
  DAEMON_UNIT,
  HELPER_UNIT,
  JAIL_SOCKET_UNIT,
  JAIL_UNIT,
  PROGRAM_DIR,
  SOCKET_UNIT,
  SOCKET_UNITS,
  START_SOCKET,
  START_SOCKET_UNIT,
  START_UNIT,
  type UnitName,
} from './places.ts';

export function unitTexts(owner: SystemOwner): Readonly<Record<UnitName, string>> {
  return {
    [DAEMON_UNIT]: unitText(daemonUnit(owner)),
    [SOCKET_UNIT]: unitText(socketUnit(owner, HELPER_SOCKET)),
    [HELPER_UNIT]: unitText(helperUnit(owner, bridgeHelper)),
    [JAIL_SOCKET_UNIT]: unitText(socketUnit(owner, JAIL_SOCKET)),
    [JAIL_UNIT]: unitText(helperUnit(owner, jailHelper)),
    [START_SOCKET_UNIT]: unitText(socketUnit(owner, START_SOCKET)),
    [START_UNIT]: unitText(startUnit(owner)),
  };
}

type Unit = Readonly<Record<string, readonly string[]>>;

/**
 * VMs live on when it is stopped (`KillMode`). What would imply NoNewPrivileges is left out: images are made with
 * newuidmap(1), which is setuid, where the owner is not root.
 */
function daemonUnit({ name, uid }: SystemOwner): Unit {
  const runtime = `user-runtime-dir@${String(uid)}.service`;
  return {
    Unit: [
      `Description=banger daemon of user ${name}`,
      `Wants=${SOCKET_UNITS.join(' ')}`,
      // Its directory is there while the daemon is, and not only while the user is logged in.
      `Requires=${runtime}`,
      `After=${SOCKET_UNITS.join(' ')} ${runtime} network.target`,
    ],
    Service: [
      `User=${name}`,
      `Environment=XDG_RUNTIME_DIR=/run/user/${String(uid)}`,
      `ExecStart=${PROGRAM_DIR}/bin/bangerd`,
      'Restart=on-failure',
      'KillMode=process',
      'TimeoutStopSec=60',
      'UMask=0077',
      'LimitNOFILE=65536',
      'ProtectSystem=full',
    ],
    Install: ['WantedBy=multi-user.target'],
  };
}

/** systemd asks the kernel who connects and says so in the instance's name; the file's mode already lets only one user. */
function socketUnit({ name }: SystemOwner, path: string): Unit {
  return {
    Unit: [`Description=Socket of banger's for user ${name}`],
    Socket: [
      `ListenStream=${path}`,
      `SocketUser=${name}`,
      'SocketMode=0600',
      'DirectoryMode=0711',
      'Accept=yes',
      'MaxConnections=16',
      'RemoveOnStop=yes',
    ],
    Install: ['WantedBy=sockets.target'],
  };
}

/**
 * By its socket the owner starts the daemon's unit, without root and without polkit, and nothing else of systemd's. Reads
 * nothing of the connection, which ends when the unit has been started, or could not be.
 */
function startUnit({ name }: SystemOwner): Unit {
  return {
    Unit: [
      `Description=Start of banger's daemon for user ${name}`,
      'CollectMode=inactive-or-failed',
    ],
    Service: [
      'Type=oneshot',
      `ExecStart=systemctl start ${DAEMON_UNIT}`,
      'StandardInput=null',
      'StandardOutput=journal',
      'NoNewPrivileges=yes',
      'ProtectHome=yes',
      'PrivateTmp=yes',
    ],
  };
}

interface Helper {
  readonly what: string;
  readonly program: string;
  /** In the journal */
  readonly identifier: string;
  readonly lines: readonly string[];
}

const bridgeHelper: Helper = {
  what: 'helper',
  program: 'banger-helper.js',
  identifier: 'banger-helper',
  lines: hardening,
};

/** What it has started is not its own: VMs live on when it ends. */
const jailHelper: Helper = {
  what: 'helper for jails',
  program: 'banger-jail-helper.js',
  identifier: 'banger-jail',
  lines: ['KillMode=process', ...jailHardening],
};

/** Without a compiler at run time (`--jitless`) Node needs no memory that is writable and executable. */
function helperUnit({ name }: SystemOwner, { what, program, identifier, lines }: Helper): Unit {
  const node = `${PROGRAM_DIR}/node_modules/node/bin/node --jitless --disable-warning=ExperimentalWarning`;
  return {
    Unit: [
      `Description=banger's ${what} for user ${name}, connection %i`,
      'CollectMode=inactive-or-failed',
    ],
    Service: [
      `ExecStart=${node} ${PROGRAM_DIR}/dist/${program} %i`,
      'StandardInput=null',
      'StandardOutput=null',
      'StandardError=journal',
      `SyslogIdentifier=${identifier}`,
      'TimeoutStopSec=10',
      ...lines,
    ],
  };
}

function unitText(unit: Unit): string {
  const sections = Object.entries(unit).map(([section, lines]) =>
    [`[${section}]`, ...lines, ''].join('\n'),
  );
  return [
    '# Written by banger system install; changes are lost with the next one.',
    ...sections,
  ].join('\n');
}
