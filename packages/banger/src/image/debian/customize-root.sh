#!/bin/sh
# Makes a fresh Debian tree fit for a VM. mmdebstrap runs it, as its last customize hook, with the tree as $1.
# BANGER_EPOCH_FILE receives the newest date of the archive's releases, for the times in it.
#
# Every unit below costs part of a second of each cold boot in an emulated VM and has no work to do there: the
# agent owns the network, the clock, the seed of the random pool and the machine's identity, and mounts all disks.
set -eu
root=$1

for release in "$root"/var/lib/apt/lists/*Release; do
  sed -n 's/^Date: //p' "$release" | head -n 1 | date --utc --file=- +%s
done | sort -n | tail -n 1 > "$BANGER_EPOCH_FILE"

# The host's proxies served the build; inside a VM they would point nowhere.
rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap"

# Written by the agent at boot, per machine.
: > "$root/etc/fstab"
: > "$root/etc/resolv.conf"
: > "$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id"
echo localhost > "$root/etc/hostname"
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' > "$root/etc/hosts"
echo 'LANG=C.UTF-8' > "$root/etc/default/locale"
echo 'LANG=C.UTF-8' >> "$root/etc/environment"
rm -f "$root"/etc/ssh/ssh_host_*

# Unpacked before dpkg knew what to leave out (configure-dpkg.sh).
find "$root/usr/share/doc" ! -type d ! -name copyright -delete
find "$root/usr/share/doc" -type d -empty -delete
find "$root/usr/share/locale" -mindepth 1 ! -name locale.alias -delete 2> /dev/null || true
rm -rf "$root"/usr/share/man/* "$root"/usr/share/info/* "$root"/usr/share/doc-base/* "$root"/usr/share/lintian/*

# Left by maintainer scripts; different in every build, or of no use.
find "$root/var/log" -type f -exec truncate --size=0 {} +
rm -rf "$root"/var/cache/ldconfig/* "$root"/var/cache/debconf/*-old "$root"/var/lib/dpkg/*-old
rm -f "$root"/etc/passwd- "$root"/etc/shadow- "$root"/etc/group- "$root"/etc/gshadow-
rm -rf "$root"/var/lib/systemd/random-seed "$root"/var/cache/man

[ -x "$root/lib/systemd/systemd" ] || exit 0

units=$root/etc/systemd/system
mkdir -p "$units"
ln -sf /lib/systemd/system/multi-user.target "$units/default.target"
for unit in \
  getty.target getty@.service serial-getty@.service console-getty.service systemd-logind.service \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  e2scrub_all.timer e2scrub_reap.service fstrim.timer man-db.timer \
  systemd-udev-trigger.service systemd-udev-settle.service systemd-hwdb-update.service \
  systemd-networkd-wait-online.service systemd-timesyncd.service systemd-resolved.service \
  systemd-firstboot.service systemd-machine-id-commit.service systemd-random-seed.service \
  systemd-pstore.service systemd-sysusers.service systemd-update-done.service \
  systemd-journal-catalog-update.service ldconfig.service systemd-binfmt.service \
  systemd-update-utmp.service systemd-update-utmp-runlevel.service \
  systemd-remount-fs.service systemd-quotacheck.service apparmor.service \
  sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
  sys-fs-fuse-connections.mount dev-hugepages.mount proc-sys-fs-binfmt_misc.automount \
  modprobe@configfs.service modprobe@drm.service modprobe@efi_pstore.service \
  modprobe@fuse.service modprobe@dm_mod.service modprobe@loop.service; do
  ln -sf /dev/null "$units/$unit"
done

if [ -x "$root/usr/sbin/sshd" ]; then
  # One sshd per connection, where Debian 12 would keep the first: it reads the host key each time, so a fork's new
  # identity needs no restart, boot needs no sshd, and a key is made only when the agent has brought none.
  rm -f "$units/multi-user.target.wants/ssh.service" "$units/sshd.service"
  mkdir -p "$units/sockets.target.wants" "$units/ssh.socket.d" "$root/etc/ssh/sshd_config.d"
  ln -sf /lib/systemd/system/ssh.socket "$units/sockets.target.wants/ssh.socket"
  printf '[Socket]\nAccept=yes\n' > "$units/ssh.socket.d/per-connection.conf"
  cat > "$units/ssh@.service" << 'UNIT'
[Unit]
Description=OpenSSH server for one connection
Wants=banger-host-key.service
After=banger-host-key.service

[Service]
ExecStart=-/usr/sbin/sshd -i
StandardInput=socket
RuntimeDirectory=sshd
RuntimeDirectoryMode=0755
RuntimeDirectoryPreserve=yes
KillMode=process
UNIT
  cat > "$units/banger-host-key.service" << 'UNIT'
[Unit]
Description=OpenSSH host key, unless this machine has been given one
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
DefaultDependencies=no

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -t ed25519 -N "" -C "" -f /etc/ssh/ssh_host_ed25519_key
UNIT
  cat > "$root/etc/ssh/sshd_config.d/banger.conf" << 'CONF'
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UseDNS no
CONF
fi

if [ -x "$root/usr/sbin/dockerd" ]; then
  mkdir -p "$root/etc/docker"
  printf '{\n  "storage-driver": "overlay2"\n}\n' > "$root/etc/docker/daemon.json"
fi
