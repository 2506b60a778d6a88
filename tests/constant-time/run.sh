#!/bin/sh
# Runs the comparison under valgrind with the secrets marked undefined, and tests the statistics of the timings.
# Needs cargo, and valgrind on x86_64. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
cd "$root"

cargo test --quiet --locked -p encrata-webhooks-constant-time
# As it is released, with the names of functions.
cargo build --quiet --locked --profile constant-time -p encrata-webhooks-constant-time --bin memcheck
log=$target/constant-time.log
if ! valgrind --quiet --error-limit=no --log-file="$log" --suppressions="$here/shape.supp" "$target/constant-time/memcheck"; then
    echo "what memcheck reported, the controls' among it:"
    cat "$log"
    exit 1
fi
