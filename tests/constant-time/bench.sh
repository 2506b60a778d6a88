#!/bin/sh
# Times `verify` natively and through the npm package; what came of it goes to target/bench/constant-time.json.
# ENCRATA_BENCH_QUICK=1 shows that it works. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
cd "$root"
script=$here/dudect.mjs
if command -v npm >/dev/null; then
    bindings-wasm/build.sh
else
    echo "SKIPPED: npm is not installed, so nothing is timed through WebAssembly (install Node 20 or later)"
    script=
fi
export ENCRATA_BENCH_OUT="$target/bench"
exec cargo run --quiet --locked --profile constant-time -p encrata-webhooks-constant-time --bin dudect -- ${script:+"$script"}
