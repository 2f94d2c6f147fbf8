#!/bin/sh
# `npm start`: the bundled example app behind the sidecar. Ports: SHOP_PORT (the app), SHOP_INBOUND_PORT, SHOP_ADMIN_PORT.
set -eu
cd -- "$(dirname -- "$0")/.."
export SHOP_PORT="${SHOP_PORT:-8080}" SHOP_INBOUND_PORT="${SHOP_INBOUND_PORT:-8000}" SHOP_ADMIN_PORT="${SHOP_ADMIN_PORT:-9901}"

# In the background and on its own, so that this process can become the sidecar.
(sh scripts/node.sh node scripts/announce.ts $$ &)

PORT=$SHOP_PORT exec bin/outrigger run routes/shop.yaml -- node examples/shop/shop.js
