/**
 * The systemd units of an installation; docs/decisions/0027 says why each is as it is. Pure. Checked values only go in: a
 * user's name and number.
 */
import { HELPER_SOCKET } from '../helper/helper-settings.ts';
import type { SystemOwner } from './find-owner.ts';
import { DAEMON_UNIT, HELPER_UNIT, PROGRAM_DIR, SOCKET_UNIT, type UnitName } from './places.ts';

export function unitTexts(owner: SystemOwner): Readonly<Record<UnitName, string>> {
  return {
    [DAEMON_UNIT]: unitText(daemonUnit(owner)),
    [SOCKET_UNIT]: unitText(socketUnit(owner)),
    [HELPER_UNIT]: unitText(helperUnit(owner)),
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
      `Wants=${SOCKET_UNIT}`,
      // Its directory is there while the daemon is, and not only while the user is logged in.
      `Requires=${runtime}`,
      `After=${SOCKET_UNIT} ${runtime} network.target`,
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
function socketUnit({ name }: SystemOwner): Unit {
  return {
    Unit: [`Description=Socket of banger's helper for user ${name}`],
    Socket: [
      `ListenStream=${HELPER_SOCKET}`,
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

/** Without a compiler at run time (`--jitless`) Node needs no memory that is writable and executable. */
function helperUnit({ name }: SystemOwner): Unit {
  const node = `${PROGRAM_DIR}/node_modules/node/bin/node --jitless --disable-warning=ExperimentalWarning`;
  return {
    Unit: [
      `Description=banger's helper for user ${name}, connection %i`,
      'CollectMode=inactive-or-failed',
    ],
    Service: [
      `ExecStart=${node} ${PROGRAM_DIR}/dist/banger-helper.js %i`,
      'StandardInput=null',
      'StandardOutput=null',
      'StandardError=journal',
      'SyslogIdentifier=banger-helper',
      'TimeoutStopSec=10',
      ...hardening,
    ],
  };
}

const hardening = [
  // Links, rules and addresses; /proc/sys/net is root's and asks for the same.
  'CapabilityBoundingSet=CAP_NET_ADMIN',
  'NoNewPrivileges=yes',
  'ProtectSystem=strict',
  'ReadWritePaths=/proc/sys/net',
  'ProtectHome=yes',
  'PrivateTmp=yes',
  'DevicePolicy=closed',
  'DeviceAllow=/dev/net/tun rw',
  'ProtectKernelTunables=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelLogs=yes',
  'ProtectControlGroups=yes',
  'ProtectClock=yes',
  'ProtectHostname=yes',
  'ProtectProc=invisible',
  'RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'LockPersonality=yes',
  'MemoryDenyWriteExecute=yes',
  'IPAddressDeny=any',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  'SystemCallFilter=~@privileged @resources @mount @swap @reboot @raw-io @debug @obsolete',
  'SystemCallErrorNumber=EPERM',
  'KeyringMode=private',
  'RemoveIPC=yes',
  'UMask=0077',
  'MemoryMax=512M',
  'TasksMax=64',
];

function unitText(unit: Unit): string {
  const sections = Object.entries(unit).map(([section, lines]) =>
    [`[${section}]`, ...lines, ''].join('\n'),
  );
  return [
    '# Written by banger system install; changes are lost with the next one.',
    ...sections,
  ].join('\n');
}
