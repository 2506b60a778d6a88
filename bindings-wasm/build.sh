#!/bin/sh
# Makes target/dist/encrata-webhooks-<version>.tgz. Needs cargo with the target wasm32-unknown-unknown, and Node 20 or
# later. Works from any directory.
set -eu
cd "$(dirname "$0")"
if ! cmp -s package-lock.json node_modules/installed-lock.json; then
    npm ci --silent --no-audit --no-fund
    cp package-lock.json node_modules/installed-lock.json
fi
exec node build.mjs
