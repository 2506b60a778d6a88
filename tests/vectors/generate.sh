#!/bin/sh
# Writes vectors.json anew; with --check it compares instead, and fails when they differ. Either way our core and the
# published Standard Webhooks libraries (npm, PyPI, crates.io) then verify each other's signatures.
# Needs cargo, Node and Python; installs pinned versions into target/vectors. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
generate=$here/generate
work=$(cd "$here/../.." && pwd)/target/vectors
mkdir -p "$work/node"

if [ ! -x "$work/venv/bin/python" ]; then
    echo "making a virtual environment in $work/venv"
    python3 -m venv "$work/venv"
fi
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$generate/requirements.txt"

cp "$generate/package.json" "$generate/package-lock.json" "$work/node/"
if ! cmp -s "$work/node/package-lock.json" "$work/node/installed-lock.json"; then
    echo "installing the npm package in $work/node"
    (cd "$work/node" && npm ci --silent --no-audit --no-fund)
    cp "$work/node/package-lock.json" "$work/node/installed-lock.json"
fi

cargo build --quiet --locked --manifest-path "$generate/helper/Cargo.toml" --target-dir "$work/cargo"
# Python must not leave its cache beside the sources.
PYTHONDONTWRITEBYTECODE=1 "$work/venv/bin/python" "$generate/generate.py" \
    "$work/node" "$work/cargo/debug/vectors-helper" "$@"
