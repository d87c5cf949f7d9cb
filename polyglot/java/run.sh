#!/bin/sh
# Compiles the library and its runner into a temporary directory, runs the runner, and removes the directory again.
#   sh run.sh test               the vectors and misuse; the documentation comments are checked as well
#   sh run.sh derive [--why] < lines
set -eu
here=$(dirname "$0")
sources=example/forgeshop/forge
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
trap 'exit 130' INT TERM
lint=
[ "${1:-}" != test ] || lint="-Xlint:all -Xdoclint:all,-missing -Werror"
# The first tier of the compiler and one thread of the collector are enough for a few seconds.
quick="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
compile() { javac -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC --release 17 -encoding UTF-8 -d "$classes" "$@"; }
compile $lint "$here/src/main/java/$sources/ForgeId.java"
compile -cp "$classes" "$here/src/test/java/$sources/Run.java"
if [ "${1:-}" = test ]; then
  java $quick -cp "$classes" example.forgeshop.forge.Run vectors "$here"/../../vectors/forge-id.json "$here"/../../vectors/rfc9562.json
  java $quick -cp "$classes" example.forgeshop.forge.Run misuse
else
  java $quick -cp "$classes" example.forgeshop.forge.Run "$@"
fi
