#!/bin/sh
# Makes dist/, the page that the server's binary holds: types checked, bundled, compressed. Needs Node 20 or later, and
# cargo with the target wasm32-unknown-unknown for the npm package, which the page diagnoses with. Works from any directory.
set -eu
cd "$(dirname "$0")"
package=../../bindings-wasm
made=$package/dist/esm/diagnose.js
sources="$package/js $package/src $package/diagnose $package/build/src $package/package-lock.json ../../core/src"
# shellcheck disable=SC2086 # a list
if [ ! -f "$made" ] || [ -n "$(find $sources -newer "$made" -type f | head -n 1)" ]; then
    "$package/build.sh" >/dev/null
fi
# What is up to date stays as it is, or Cargo would build the server anew.
sources="src index.html vite.config.ts tsconfig.json package-lock.json build.sh $made"
# shellcheck disable=SC2086
if [ -f dist/index.html ] && [ -z "$(find $sources -newer dist/index.html -type f | head -n 1)" ]; then exit 0; fi
if ! cmp -s package-lock.json node_modules/installed-lock.json; then
    npm ci --silent --no-audit --no-fund --ignore-scripts
    cp package-lock.json node_modules/installed-lock.json
fi
npm run --silent build
