#!/bin/sh
# Runs the suites named, or all of them, and prints the time of each. ENCRATA_TEST_LONG=1 makes them long.
# With CI=true a missing tool is a failure; elsewhere it is a skip that is printed.
set -u
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}"
[ -z "${ENCRATA_TEST_LONG:-}" ] || export ENCRATA_TEST_ROUNDS="${ENCRATA_TEST_ROUNDS:-50}" PROPTEST_CASES="${PROPTEST_CASES:-20000}"

missing() { # what, and what is not tested without it
    echo "SKIPPED: $1 is not installed, so $2"
    [ "${CI:-}" != true ]
}

with_python() { # its minor version, what is not done without it, and a command
    minor=$1 undone=$2
    shift 2
    if python3 -c "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, $minor))" 2>/dev/null; then
        "$@"
    else
        missing "Python 3.$minor or later with venv" "$undone"
    fi
}
with_server() { cargo build --quiet --locked -p encrata-webhooks-server && "$@"; }

# The page, before the suites that build the server: its binary holds the page, and is then built once.
suite_page() { with_npm "the server was built without the page at /settings/webhooks" server/dashboard/build.sh; }
suite_check() {
    cargo fmt --all --check &&
        cargo clippy --quiet --workspace --all-targets --locked -- -D warnings &&
        RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps --locked &&
        if cargo deny --version >/dev/null 2>&1; then
            cargo deny --log-level error check bans licenses sources
        else
            missing "cargo-deny" "licences, bans and sources of dependencies were not checked"
        fi
}

# Every feature step, natively and for a target without an operating system and one without threads.
suite_core_steps() {
    wasm=wasm32-unknown-unknown thumb=thumbv7em-none-eabihf
    if ! rustup target add "$wasm" "$thumb" >/dev/null 2>&1; then
        missing "the targets $wasm and $thumb" "the core was not built for them" || return 1
        wasm="" thumb=""
    fi
    for features in "" alloc serde diagnose serde,diagnose schema std http std,serde,http,schema,diagnose; do
        set -- --quiet --locked -p encrata-webhooks --no-default-features --features "$features"
        cargo clippy "$@" --all-targets -- -D warnings || return 1
        [ -z "$wasm" ] || cargo clippy "$@" --lib --target "$wasm" -- -D warnings || return 1
        case $features in *std* | *http*) continue ;; esac
        [ -z "$thumb" ] || cargo clippy "$@" --lib --target "$thumb" -- -D warnings || return 1
    done
    # Without serde and without alloc, the tests that still apply.
    cargo test --quiet --locked -p encrata-webhooks --no-default-features &&
        cargo test --quiet --locked -p encrata-webhooks --no-default-features --features alloc,diagnose
}

suite_core() {
    cargo test --quiet --locked -p encrata-webhooks --all-features &&
        cargo test --quiet --locked -p encrata-webhooks-axum
}
# The comparison under valgrind, with the secrets marked undefined.
suite_constant_time() {
    if [ "$(uname -m)" != x86_64 ]; then
        echo "SKIPPED: valgrind is spoken to on x86_64 only, so the comparison was not watched"
    elif command -v valgrind >/dev/null; then
        tests/constant-time/run.sh
    else
        missing "valgrind" "the comparison was not watched"
    fi
}
# Every target over its corpus and edits of it; then libFuzzer, in the short form on the core's doors alone: to build
# the server with instruments takes minutes.
suite_fuzz() {
    cargo test --quiet --locked -p encrata-webhooks-fuzz-targets || return 1
    if ! command -v c++ >/dev/null; then
        missing "a C++ compiler" "libFuzzer did not run"
    elif [ -n "${ENCRATA_TEST_LONG:-}" ]; then
        fuzz/run.sh 120
    else
        fuzz/run.sh 8 signature standard envelope
    fi
}
# The core's own tests, interpreted: undefined behaviour in it or in what it is built on. Only a nightly has miri, and
# which nights have it can't be chosen: without it this is skipped, in CI too.
suite_miri() {
    if cargo +nightly miri --version >/dev/null 2>&1; then
        cargo +nightly miri test --quiet --locked -p encrata-webhooks --all-features --lib
    else
        echo "SKIPPED: there is no nightly with miri, so the core was not interpreted"
        echo "    (rustup component add --toolchain nightly miri rust-src)"
    fi
}
suite_supply() { with_python 9 "the supply chain was not checked" tests/supply/run.sh; }
suite_vectors() { tests/vectors/check.sh; }
suite_server() { cargo test --quiet --locked -p encrata-webhooks-server; }
suite_postgres() { cargo test --quiet --locked -p encrata-webhooks-tests --test postgres; }
suite_store() { cargo test --quiet --locked -p encrata-webhooks-tests --test store; }
# The model is checked state by state: worth an optimisation, of this one binary.
suite_model() {
    cargo test --quiet --locked --config 'profile.dev.package.encrata-webhooks-tests.opt-level=1' \
        -p encrata-webhooks-tests --test lease_model
}
suite_e2e() {
    cargo build --quiet --locked -p encrata-webhooks-server &&
        cargo test --quiet --locked -p encrata-webhooks-tests --test e2e
}
suite_faults() { # most of its time is waiting for leases to end, so more run at once than there are cores
    cargo build --quiet --locked -p encrata-webhooks-server &&
        cargo test --quiet --locked -p encrata-webhooks-tests --test faults -- --test-threads 6
}
suite_clients() { with_server tests/clients/run.sh; }
with_npm() { # what is not done without it, and a command
    undone=$1
    shift
    if ! command -v npm >/dev/null; then
        missing "npm" "$undone (install Node 20 or later)"
    elif ! rustup target add wasm32-unknown-unknown >/dev/null 2>&1; then
        missing "the target wasm32-unknown-unknown" "$undone"
    else
        "$@"
    fi
}
# The npm package, built, packed and installed in an empty project.
suite_js() {
    with_npm "the npm package was not tested" bindings-wasm/test/run.sh &&
        cargo test --quiet --locked -p encrata-webhooks-wasm
}
# The same package where it will run: Deno, Bun, workerd, Chromium; in the long form bundlers and a server of Next.js.
suite_runtimes() { with_npm "the npm package was tested on no runtime" bindings-wasm/test/runtimes/run.sh; }
# The wheels, built, each installed in a fresh environment; the adapters receive from the server.
suite_python() { with_python 9 "the Python package was not tested" with_server bindings-python/tests/run.sh; }
# The API against its own description, on both databases.
suite_schemathesis() {
    with_python 10 "the API was not held against its description" with_server tests/schemathesis/run.sh
}
# The page in Chromium: every task of an admin, against the binary.
suite_browser() {
    suite_page && cargo build --quiet --locked -p encrata-webhooks-server &&
        with_npm "the page was not tested" tests/browser/run.sh
}
# The receivers to copy, each started as its README says, get deliveries from the binary.
suite_examples() {
    undone="the examples were not tested"
    with_npm "$undone" with_python 10 "$undone" with_server tests/examples/run.sh
}
# What stands in deploy/: the image's folder, the unit, compose, Kubernetes.
suite_deploy() { with_python 10 "the files in deploy/ were not checked" with_server tests/deploy/run.sh; }
# Every block of the documentation is run; the book is made, and no link in it leads nowhere.
suite_docs() { with_python 10 "the documentation was not tested" with_server tests/docs/run.sh; }
suite_dev() {
    cargo build --quiet --locked -p encrata-webhooks-server &&
        target/debug/encrata-webhooks dev --once --listen 127.0.0.1:0
}

passed=0 failed=0 summary=""
for suite in ${*:-page check core core_steps constant_time fuzz miri supply vectors server postgres store model e2e faults schemathesis clients js runtimes browser python examples deploy docs dev}; do
    echo "== $suite"
    started=$(date +%s)
    if "suite_$suite"; then result=passed passed=$((passed + 1)); else result=FAILED failed=$((failed + 1)); fi
    summary="$summary$(printf '%-13s %5s s  %s' "$suite" $(($(date +%s) - started)) "$result")
"
done
printf '\n%s\nsuites: %s passed, %s failed\n' "$summary" "$passed" "$failed"
[ "$failed" -eq 0 ]
