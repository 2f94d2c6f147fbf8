#!/bin/sh
# Compiles src/ to dist/. Run it through `npm run build`, which puts the right Node.js and tsc on the PATH.
set -eu
cd -- "$(dirname -- "$0")/.."
rm -rf dist
tsc -p tsconfig.build.json
