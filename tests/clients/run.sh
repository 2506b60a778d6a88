#!/bin/sh
# Drives a built server with the published clients, and verifies its deliveries with all that a receiver may use.
# Needs python3 (3.9 or later), node (20 or later), cargo, and go for one of the verifiers. Pinned packages go to
# target/clients. Works from any directory; what it is given goes on to pytest, as in: run.sh -k rotation
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/target/clients

fail() {
    echo "tests/clients: $*" >&2
    exit 1
}

command -v python3 >/dev/null || fail "python3 is not installed: install Python 3.9 or later"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' || fail "python3 is too old: install Python 3.9 or later"
command -v node >/dev/null || fail "node is not installed: install Node 20 or later, with npm"
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || fail "node is too old: install Node 20 or later"
command -v npm >/dev/null || fail "npm is not installed: it comes with Node"
command -v cargo >/dev/null || fail "cargo is not installed: install Rust with rustup"

bin=${ENCRATA_WEBHOOKS_BIN:-$root/target/debug/encrata-webhooks}
[ -x "$bin" ] || fail "there is no server at $bin: build it with cargo build -p encrata-webhooks-server"
case $bin in /*) ;; *) bin=$(pwd)/$bin ;; esac

mkdir -p "$work/node" "$work/go"

# Python: the SDK, a Standard Webhooks library, pytest.
venv=$work/venv
wanted=$work/wanted.txt
{ python3 --version && cat "$here/requirements.txt" "$here/constraints.txt"; } >"$wanted"
if ! cmp -s "$wanted" "$venv/installed.txt"; then
    echo "installing the Python packages in $venv"
    python3 -m venv --clear "$venv" || fail "python3 can't make a virtual environment: install its venv module (python3-venv)"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$wanted" "$venv/installed.txt"
fi

# Node: a Standard Webhooks library.
cp "$here/node/package.json" "$here/node/package-lock.json" "$here/node/verify.mjs" "$work/node/"
if ! cmp -s "$work/node/package-lock.json" "$work/node/node_modules/installed-lock.json"; then
    echo "installing the npm package in $work/node"
    (cd "$work/node" && npm ci --silent --no-audit --no-fund)
    cp "$work/node/package-lock.json" "$work/node/node_modules/installed-lock.json"
fi

# Rust: a Standard Webhooks library.
cargo build --quiet --locked --manifest-path "$here/rust/Cargo.toml" --target-dir "$work/cargo"

# Go: the documentation's snippet, and what the documents show in its place; the standard library is all they need.
skipped=
rm -f "$work/go/verify"
if command -v go >/dev/null; then
    cp "$here/snippets/verify.go" "$work/go/main.go"
    cp "$root/examples/go/verify.go" "$work/go/verify.go"
    GOCACHE="$work/go/cache" go build -o "$work/go/verify" "$work/go/main.go" "$work/go/verify.go"
else
    skipped="go is not installed: the Go snippet did not verify the deliveries (Debian: apt-get install golang-go)"
    echo "SKIPPED: $skipped"
fi

# Python must not leave its cache beside the sources.
status=0
PYTHONDONTWRITEBYTECODE=1 ENCRATA_WEBHOOKS_BIN="$bin" \
    "$venv/bin/python" -m pytest -c "$here/pytest.ini" "$here" "$@" || status=$?

if [ "$status" -ne 0 ]; then
    echo "tests/clients: FAILED (pytest ended with $status)"
elif [ -n "$skipped" ] && [ "${CI:-}" = true ]; then
    echo "tests/clients: FAILED. In CI nothing may be skipped, and $skipped"
    status=1
else
    echo "tests/clients: PASSED: the published SDK, sync and async; deliveries verified by the documentation's snippets and the Standard Webhooks libraries"
    [ -z "$skipped" ] || echo "SKIPPED: $skipped"
fi
exit "$status"
