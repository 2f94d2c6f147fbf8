#!/bin/sh
# Checks the types of src/ and bundles it to dist/. Run it through `npm run build`, which puts the right Node.js on the PATH.
set -eu
cd -- "$(dirname -- "$0")/.."
tsc -p tsconfig.build.json
node scripts/bundle.ts
