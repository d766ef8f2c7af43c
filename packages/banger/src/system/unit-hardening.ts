/** What keeps the helpers from all that they are not for (systemd.exec(5)). `systemd-analyze security` counts it. */

/** Of the helper for bridges. */
export const hardening = [
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

/**
 * Of the helper for jails. Everything that would give it file systems of its own (ProtectSystem= and its like) is left out: what it
 * mounts has to be seen by the jail and by the next helper, and links do not cross from one mount to another. Firecracker
 * inherits the filters, in its jail, and `seccomp` is for its own.
 */
export const jailHardening = [
  [
    'CapabilityBoundingSet=CAP_SYS_ADMIN CAP_MKNOD CAP_SETUID CAP_SETGID CAP_CHOWN CAP_FOWNER',
    'CAP_DAC_OVERRIDE CAP_KILL CAP_SYS_PTRACE',
  ].join(' '),
  'NoNewPrivileges=yes',
  'DevicePolicy=closed',
  // kvm, tun and userfaultfd, which the jailer makes.
  'DeviceAllow=char-misc rwm',
  'ProtectClock=yes',
  'ProtectHostname=yes',
  'RestrictAddressFamilies=AF_UNIX',
  'RestrictNamespaces=mnt net',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'LockPersonality=yes',
  'MemoryDenyWriteExecute=yes',
  'IPAddressDeny=any',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service @mount seccomp',
  'SystemCallErrorNumber=EPERM',
  'KeyringMode=private',
  'UMask=0077',
];
