#!/bin/sh
# Breaks the code in every way that cargo-mutants knows, and sees whether a test fails: the core, the access checks, the
# server's own port, the address guard, the retry schedule, the queue. With a name of a group, that one; further arguments are cargo-mutants'.
# What came of it is in target/mutants. .cargo/mutants.toml says what is left out, and why. Needs cargo-mutants. Works
# from any directory.
set -eu
cd "$(dirname "$0")/.."
out=${CARGO_TARGET_DIR:-target}/mutants
mkdir -p "$out"
# One target directory for all of them: only what was broken is built anew.
export CARGO_TARGET_DIR="$out/build" PROPTEST_CASES="${PROPTEST_CASES:-64}"

group() { # name, then arguments
    name=$1
    shift
    echo "== $name"
    cargo mutants --output "$out/$name" --no-shuffle --minimum-test-timeout 120 "$@"
}
core() { group core -p encrata-webhooks "$@" -- --locked --all-features --lib --tests; }
# Their tests are beside the code.
delivery() {
    group delivery -p encrata-webhooks-server -f server/src/delivery/address.rs -f server/src/delivery/retry.rs "$@" \
        -- --locked --lib delivery::
}
# Most of theirs ask the real binary, which is built anew for each. Their tests are in another package, which cargo-mutants does
# not ask without a mutant: `make test` says that they pass.
access() {
    group access --baseline skip --timeout 300 -p encrata-webhooks-server -f server/src/api/access.rs -f server/src/api/auth.rs \
        -f server/src/api/cookie.rs -f server/src/api/same_origin.rs -f server/src/api/wrong_keys.rs -f server/src/api/rate_limit.rs \
        --test-package encrata-webhooks-server --test-package encrata-webhooks-tests "$@" \
        -- --locked --lib --test e2e -- access:: session:: stream:: keys:: auth:: cookie:: same_origin:: wrong_keys:: rate_limit:: behind_proxy::
}
# Who may connect, for how long, and who they are. What only shows on a real port (e2e::port) is not asked for each.
door() { group door -p encrata-webhooks-server -f 'server/src/door/*.rs' "$@" -- --locked --lib door::; }
queue() {
    group queue --baseline skip --timeout 300 -p encrata-webhooks-server -f server/src/store/queue.rs -f server/src/store/finish.rs \
        --test-package encrata-webhooks-tests "$@" -- --locked --test store -- sqlite:: collision
}
if [ $# -gt 0 ]; then "$@"; else
    failed=0
    for each in core delivery access door queue; do "$each" || failed=1; done
    exit "$failed"
fi
