#!/usr/bin/env bash
# Builds the guest agent, static and reproducible, into the file OUT. Prints nothing when it worked.
# The build's id, which host and guest compare, is the start of the SHA-256 over what it is made from.
set -euo pipefail

if [[ $# -ne 1 ]]; then
  echo 'usage: scripts/build-agent.sh OUT' >&2
  exit 2
fi
out=$(realpath -m -- "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../guest"

sources() {
  find . -name '*.go' ! -name '*_test.go' -print0 | LC_ALL=C sort -z
  printf '%s\0' go.mod go.sum
}
build=$(sources | xargs -0 sha256sum -- | sha256sum | cut -c 1-16)

mkdir -p -- "$(dirname "$out")"
CGO_ENABLED=0 GOOS=linux GOARCH="${GOARCH:-amd64}" GOFLAGS='' go build -trimpath -buildvcs=false \
  -ldflags "-s -w -buildid= -X main.build=$build" -o "$out" ./cmd/banger-agent
