#!/bin/sh
# The packed package beside named alternatives, on Node, Node 24, Deno and Bun; figures go to target/bench/js.json.
# ENCRATA_BENCH_QUICK=1 shows in a minute that it works. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
package=$(dirname "$here")
root=$(dirname "$package")
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/bench-js
runtimes=$package/test/runtimes

"$package/build.sh"
"$runtimes/install.sh" "$runtimes" "$target/runtimes"
"$runtimes/install.sh" "$runtimes/long" "$target/runtimes/long"
"$runtimes/install.sh" "$here" "$work"
rm -rf "$work/node_modules/@encrata"
mkdir -p "$work/node_modules/@encrata/webhooks"
tar -xzf "$target"/dist/encrata-webhooks-*.tgz -C "$work/node_modules/@encrata/webhooks" --strip-components=1
cp "$here"/*.mjs "$work"
cd "$work"
export ENCRATA_BENCH_RUNTIMES="$target/runtimes" ENCRATA_BENCH_OUT="$target/bench/js.json" ENCRATA_BENCH_ESBUILD="$package/node_modules/esbuild"
exec node main.mjs
