#!/bin/sh
# usage: scripts/node.sh COMMAND…
# Runs a command with the newest fitting Node.js and the project's tools first on the PATH, so that an old Node on the
# machine is enough to build and test.
set -eu
root=$(CDPATH='' cd -P -- "$(dirname -- "$0")/.." && pwd)
. "$root/bin/find-node.sh"
find_node "$root"
if [ -z "$node" ]; then
	echo "needs Node.js $OLDEST_NODE_MAJOR or newer: run 'npm ci' (it brings one), or install it" >&2
	exit 70
fi
PATH=$(dirname -- "$node"):$root/node_modules/.bin:$PATH
export PATH
exec "$@"
