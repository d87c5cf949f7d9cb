#!/bin/sh
# Compiles ForgeId.java and Run.java into a temporary directory, runs them, and removes it again.
#   sh run.sh vectors FILE...
#   sh run.sh derive [--why] < lines
set -eu
here=$(dirname "$0")
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
trap 'exit 130' INT TERM
javac -encoding UTF-8 -d "$classes" "$here/ForgeId.java" "$here/Run.java"
java -cp "$classes" Run "$@"
