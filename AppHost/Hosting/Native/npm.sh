#!/bin/sh
# Installs the packages of the Node.js app in the current folder and builds it, if package-lock.json or a source is newer than the last
# build.
# usage: npm.sh
set -eu
stamp=dist/.built
mkdir -p dist

# Several shops of one clone, as the tests start them, take turns.
if command -v flock > /dev/null; then
  exec 9> dist/.lock
  flock 9
fi

newer() { [ ! -f "$stamp" ] || [ -n "$(find "$@" -newer "$stamp" -print -quit)" ]; }

if [ ! -d node_modules ] || newer package.json package-lock.json; then
  # The script "prepare" builds the app after the installation.
  npm ci --no-audit --no-fund
elif newer src tsconfig.json; then
  npm run build
else
  echo "The packages and the build are up to date."
  exit 0
fi
touch "$stamp"
