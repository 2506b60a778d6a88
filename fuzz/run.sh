#!/bin/sh
# Fuzzes with libFuzzer: run.sh SECONDS [TARGET …]. A target's corpus begins with the test vectors and grows in
# target/fuzz/corpus; what breaks it is kept in target/fuzz/found. The instruments are the compiler's own, so that
# stable Rust and a C++ compiler are enough. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/fuzz
seconds=$1
shift
[ $# -gt 0 ] || set -- signature standard envelope url api
case " $* " in *" url "* | *" api "*) server=server ;; *) server= ;; esac
mkdir -p "$work/found"

cd "$root"
cargo run --quiet --locked -p encrata-webhooks-fuzz-targets --no-default-features --features "$server" \
    --example corpus "$work/corpus"
host=$(rustc -vV | sed -n 's/^host: //p')
instruments="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares"
# With a target named, what runs while building has none of them.
RUSTFLAGS=$(echo $instruments) cargo build --quiet --locked --release --manifest-path "$here/Cargo.toml" \
    --target "$host" --target-dir "$work/build" --no-default-features --features "$server"
for name; do
    echo "fuzzing $name for $seconds s"
    "$work/build/$host/release/$name" -seed=1 -max_total_time="$seconds" -max_len=4096 -timeout=10 \
        -rss_limit_mb=4096 -verbosity=0 -print_final_stats=1 -artifact_prefix="$work/found/$name-" \
        "$work/corpus/$name" 2>"$work/$name.log" || {
        cat "$work/$name.log"
        exit 1
    }
    sed -n 's/^stat::number_of_executed_units: */  executed: /p' "$work/$name.log"
done
