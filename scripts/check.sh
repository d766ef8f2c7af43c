#!/bin/sh
# `make check`: everything that can be said about the sources without a VM, in under a minute.
set -eu
cd "$(dirname "$0")/.."

echo 'check: types' >&2
tsc -p .
echo 'check: lint' >&2
node node_modules/.bin/eslint --max-warnings 0 .
echo 'check: format' >&2
prettier --check --log-level warn .
echo 'check: layers' >&2
node node_modules/.bin/depcruise --output-type err packages
echo 'check: generated files' >&2
scripts/generate-proto.sh --check
node scripts/generate-docs.ts --check
echo 'check: guest agent' >&2
(cd guest && go vet ./... && test -z "$(gofmt -l cmd internal)")
