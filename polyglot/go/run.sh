#!/bin/sh
# Builds the runner into a temporary directory, runs it, and removes it again.
#   sh run.sh derive [--why] < lines
set -eu
here=$(dirname "$0")
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM
(cd "$here" && go build -o "$out/forgeid" ./cmd/forgeid)
"$out/forgeid" "$@"
