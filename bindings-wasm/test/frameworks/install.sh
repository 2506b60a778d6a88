#!/bin/sh
# Installs the frameworks that the lock file of this folder names, beside it.
set -eu
cd "$(dirname "$0")"
if ! cmp -s package-lock.json node_modules/installed-lock.json; then
    npm ci --silent --omit=optional --ignore-scripts --no-audit --no-fund
    cp package-lock.json node_modules/installed-lock.json
fi
