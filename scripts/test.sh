#!/bin/sh
# `make test`: checks, unit and contract tests, the agent's own tests, then real VMs through the built CLI.
# An argument picks e2e files by name: `make test ONLY=run` runs test/e2e/run*.e2e.ts alone.
set -eu
cd "$(dirname "$0")/.."
export BANGER_E2E="${BANGER_E2E:-require}"

only="${1-}"
if [ -z "$only" ]; then
  scripts/check.sh
  echo 'test: guest agent' >&2
  (cd guest && go test ./...)
  for target in channel:FuzzHandshake channel:FuzzFrames users:FuzzPasswd; do
    (cd guest && go test -run '^$' -fuzz "^${target#*:}\$" -fuzztime 100000x "./internal/${target%:*}")
  done
  echo 'test: unit and contract' >&2
  find packages scripts test bench -name '*.test.ts' -not -path '*/node_modules/*' -print0 |
    xargs -0 node --test --test-reporter=./scripts/report-tests.ts
fi
echo 'test: real VMs' >&2
exec node --test --test-concurrency=1 --test-timeout=1800000 --test-reporter=./scripts/report-tests.ts test/e2e/"$only"*.e2e.ts
