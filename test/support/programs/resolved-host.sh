#!/bin/sh
# The first process of the host that resolved-host.ts makes: systemd-resolved and a bus, as Debian has them.
# Says "ready" when names are resolved. Lasts until its standard input ends; then everything there ends with it.
set -eu
packages=$1 # Unpacked, laid over /usr
shift       # The rest is the command of the name server that this host has from elsewhere.

ip link set lo up
# The way to everywhere else. Not every kernel has both kinds.
ip link add uplink0 type dummy 2>/dev/null || {
  ip link add uplink0 type veth peer name uplink0-peer
  ip link set uplink0-peer up
}
ip address add 192.0.2.2/24 dev uplink0
ip link set uplink0 up
mount -t tmpfs -o mode=0755 tmpfs /run
cp -a /etc /run/etc
mount --bind /run/etc /etc
mount -t overlay -o "lowerdir=$packages/usr:/usr" overlay /usr

echo 'systemd-resolve:x:64990:64990::/:/usr/sbin/nologin' >>/etc/passwd
echo 'systemd-resolve:x:64990:' >>/etc/group
echo 'hosts: files dns' >/etc/nsswitch.conf
rm -rf /etc/resolv.conf /etc/systemd/resolved.conf*
echo 'nameserver 127.0.0.53' >/etc/resolv.conf
mkdir -p /etc/systemd /run/systemd /run/dbus
printf '[Resolve]\nLLMNR=no\nMulticastDNS=no\n' >/etc/systemd/resolved.conf
cat >/run/dbus/bus.conf <<END
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
END

wait_for() { # TEST...
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "waited in vain: $*" >&2; tail -n 40 /run/*.log /run/dbus/log >&2; exit 1; }
    sleep 0.1
  done
}

"$@" >/run/upstream.log 2>&1 </dev/null &
dbus-daemon --config-file=/run/dbus/bus.conf --nofork --nopidfile 2>/run/dbus/log </dev/null >&2 &
wait_for test -S /run/dbus/system_bus_socket
run_resolved() {
  echo 'echo $$ >/run/resolved.pid; exec /usr/lib/systemd/systemd-resolved' |
    SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=debug sh
}
while :; do # As its unit has it: Restart=always
  run_resolved || :
done >>/run/resolved.log 2>&1 &
wait_for resolvectl dns uplink0 127.0.0.1:5300
resolvectl default-route uplink0 yes
wait_for getent hosts example.com
echo ready
cat
