#!/bin/sh
# Tells dpkg what to leave out, in the tree $1. mmdebstrap runs it when it has unpacked the base system and before dpkg
# sees it: given as mmdebstrap's own --dpkgopt, the same lines send each of those packages through a filter in Python,
# which takes longer than unpacking them.
set -eu
exec cp "$(dirname "$0")/dpkg.cfg" "$1/etc/dpkg/dpkg.cfg.d/banger"
