#!/usr/bin/env bash
# Generates the Go and the TypeScript side of proto/ with local plugins only.
#
#   scripts/generate-proto.sh           writes guest/gen and packages/banger/src/guest/generated
#   scripts/generate-proto.sh --check   changes nothing; fails when what is there is stale
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

outputs=(guest/gen packages/banger/src/guest/generated)

generate() {
  node_modules/.bin/buf generate --output "$1" --clean
}

case "${1-}" in
  '')
    generate .
    ;;
  --check)
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    generate "$scratch"
    for output in "${outputs[@]}"; do
      if ! diff -r "$output" "$scratch/$output" >&2; then
        echo "error: $output is stale" >&2
        echo 'hint:  run scripts/generate-proto.sh and commit the result' >&2
        exit 1
      fi
    done
    ;;
  *)
    echo 'usage: scripts/generate-proto.sh [--check]' >&2
    exit 2
    ;;
esac
