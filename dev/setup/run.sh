#!/bin/sh
# Copyright 2026 The service-with-healthchecks authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs a program of dev/ or bench/ on any machine that has git, Node 20 or newer, Go and root: installs the Debian
# packages and the npm packages that are missing, then hands over to the Node that the project pins.
# Usage: sh dev/setup/run.sh FILE.ts [ARGUMENT ...]
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$root"

need() {
  command -v "$1" >/dev/null 2>&1 || { echo "$1 is missing: $2" >&2; exit 1; }
}
[ "$(id -u)" = 0 ] || { echo "root is needed, for network namespaces: run this as root" >&2; exit 1; }
need node "install Node.js 20 or newer"
need npm "install npm, it comes with Node.js"
need go "install Go 1.26 or newer"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' ||
  { echo "Node.js $(node -v) is too old: install version 20 or newer" >&2; exit 1; }

sh dev/setup/install-packages.sh

# npm writes this file at the end of an installation; a lock file newer than it has not been installed.
if [ -z "$(find node_modules/.package-lock.json -newer package-lock.json 2>/dev/null)" ]; then
  echo "installing npm packages" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
fi
PATH="$root/node_modules/.bin:$PATH"
export PATH
exec node "$@"
