#!/bin/sh
# Compiles the library and its runners into a temporary directory, runs one, and removes the directory again.
#   sh run.sh test               the vectors of IDs, values and events, misuse; the documentation comments are checked as well
#   sh run.sh derive [--why] < lines
set -eu
here=$(dirname "$0")
vectors=$here/../../vectors
sources=example/forgeshop/forge
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
trap 'exit 130' INT TERM
lint=
[ "${1:-}" != test ] || lint="-Xlint:all -Xdoclint:all,-missing -Werror"
# The first tier of the compiler and one thread of the collector are enough for a few seconds.
quick="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
compile() { javac -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC --release 17 -encoding UTF-8 -d "$classes" "$@"; }
run() { java $quick -cp "$classes" "$@"; }
compile $lint "$here/src/main/java/$sources"/*.java
compile -cp "$classes" "$here/src/test/java/$sources"/*.java
if [ "${1:-}" = test ]; then
  run example.forgeshop.forge.Run vectors "$vectors/forge-id.json" "$vectors/rfc9562.json"
  run example.forgeshop.forge.Run misuse
  run example.forgeshop.forge.ContractVectors "$vectors"
else
  run example.forgeshop.forge.Run "$@"
fi
