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
# The first tier of the compiler is enough for a few seconds.
javac -J-XX:TieredStopAtLevel=1 -J-Xshare:auto --release 17 $lint -encoding UTF-8 -d "$classes" "$here/src/main/java/$sources/ForgeId.java"
javac -J-XX:TieredStopAtLevel=1 -J-Xshare:auto --release 17 -encoding UTF-8 -cp "$classes" -d "$classes" "$here/src/test/java/$sources"/*.java
if [ "${1:-}" = test ]; then
  java -XX:TieredStopAtLevel=1 -cp "$classes" example.forgeshop.forge.Run vectors "$here"/../../vectors/forge-id.json "$here"/../../vectors/rfc9562.json
  java -XX:TieredStopAtLevel=1 -cp "$classes" example.forgeshop.forge.Run misuse
else
  java -cp "$classes" example.forgeshop.forge.Run "$@"
fi
