#!/bin/sh
# Looks for known holes in what is depended on. Where a database can't be reached, and there is no copy of it, that is
# said and is no failure, in CI neither: a lock file says the same with and without a network. Works from any directory.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
log=$target/supply/advisories.log
mkdir -p "$target/supply"
faults=0
unreachable() { echo "SKIPPED: $1 can't be reached, so $2 was not looked up"; }

# Rust: fetched, else the copy of an earlier time.
if ! cargo deny --version >/dev/null 2>&1; then
    echo "SKIPPED: cargo-deny is not installed, so Cargo.lock was not looked up"
    [ "${CI:-}" != true ] || faults=1
elif cargo deny --log-level error fetch db >"$log" 2>&1; then
    cargo deny --log-level error check advisories || faults=1
elif ls "${CARGO_HOME:-$HOME/.cargo}"/advisory-dbs/*/crates >"$log" 2>&1; then
    echo "the advisory database of Rust can't be reached: looking into the copy on this machine"
    cargo deny --offline --log-level error check advisories || faults=1
else
    unreachable "the advisory database of Rust" "Cargo.lock"
fi

# npm: a hole in what only tests use is told, one in what is shipped or builds it is a failure.
if command -v npm >/dev/null; then
    for lock in $(git ls-files '*package-lock.json'); do
        folder=$(dirname "$lock")
        case $folder in bindings-wasm | server/dashboard) ships=1 ;; *) ships= ;; esac
        if (cd "$folder" && npm audit --package-lock-only --json) >"$log" 2>/dev/null; then
            echo "$lock: no known hole"
        elif grep -q '"auditReportVersion"' "$log"; then
            echo "$lock: known holes, ${ships:+shipped or building what is}${ships:-of tests only}:"
            (cd "$folder" && npm audit --package-lock-only) || true
            [ -z "$ships" ] || faults=1
        else
            unreachable "the advisory database of npm" "$lock"
        fi
    done
fi

# Python: what is pinned to one version. Strict, or what could not be looked up would pass as sound.
for list in bindings-python/requirements-build.txt bindings-python/requirements-frameworks.txt \
    tests/*/requirements.txt; do
    case $list in *-build.txt) ships=1 ;; *) ships= ;; esac
    if pip-audit --strict --progress-spinner off --no-deps --disable-pip -r "$list" >"$log" 2>&1; then
        echo "$list: no known hole"
    elif grep -q '^Name .* ID ' "$log"; then
        echo "$list: known holes:"
        cat "$log"
        [ -z "$ships" ] || faults=1
    else
        unreachable "the advisory database of PyPI" "$list"
    fi
done
exit "$faults"
