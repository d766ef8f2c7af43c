#!/bin/sh
# `make try`: a real VM, one command in it, nothing left. The daemon goes too if it was not there before.
set -eu
cd "$(dirname "$0")/.."

was_running=no
bin/banger daemon status >/dev/null 2>&1 && was_running=yes

status=0
bin/banger run --rm --image debian-bookworm-slim -- uname -a || status=$?

[ "$was_running" = yes ] || bin/banger daemon stop >/dev/null 2>&1 || true
exit "$status"
