/** What keeps the helpers from all that they are not for (systemd.exec(5)). `systemd-analyze security` counts it. */

/** Of both. */
const common = [
  'NoNewPrivileges=yes',
  'DevicePolicy=closed',
  'ProtectClock=yes',
  'ProtectHostname=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'LockPersonality=yes',
  'MemoryDenyWriteExecute=yes',
  'IPAddressDeny=any',
  'SystemCallArchitectures=native',
  'SystemCallErrorNumber=EPERM',
  'KeyringMode=private',
  'UMask=0077',
];

/** Of the helper for bridges. */
export const hardening = [
  ...common,
  // Links, rules and addresses; /proc/sys/net is root's and asks for the same.
  'CapabilityBoundingSet=CAP_NET_ADMIN',
  'ProtectSystem=strict',
  'ReadWritePaths=/proc/sys/net',
  'ProtectHome=yes',
  'PrivateTmp=yes',
  'DeviceAllow=/dev/net/tun rw',
  'ProtectKernelTunables=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelLogs=yes',
  'ProtectControlGroups=yes',
  'ProtectProc=invisible',
  'RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6',
  'RestrictNamespaces=yes',
  'SystemCallFilter=@system-service',
  'SystemCallFilter=~@privileged @resources @mount @swap @reboot @raw-io @debug @obsolete',
  'RemoveIPC=yes',
  'MemoryMax=512M',
  'TasksMax=64',
];

/**
 * Of the helper for jails. Everything that would give it file systems of its own (ProtectSystem= and its like) is left out: what it
 * mounts has to be seen by the jail and by the next helper, and links do not cross from one mount to another. Firecracker
 * inherits the filters, in its jail, and `seccomp` is for its own.
 */
export const jailHardening = [
  ...common,
  [
    'CapabilityBoundingSet=CAP_SYS_ADMIN CAP_MKNOD CAP_SETUID CAP_SETGID CAP_CHOWN CAP_FOWNER',
    'CAP_DAC_OVERRIDE CAP_KILL CAP_SYS_PTRACE',
  ].join(' '),
  // kvm, tun and userfaultfd, which the jailer makes.
  'DeviceAllow=char-misc rwm',
  'RestrictAddressFamilies=AF_UNIX',
  'RestrictNamespaces=mnt net',
  'SystemCallFilter=@system-service @mount seccomp',
];
