#!/bin/sh
# Drives the server, on SQLite and on PostgreSQL, with what schemathesis makes of its own description: every status must be
# described, none may be 5xx, and every answer must be as it is described. The same requests each time; with
# ENCRATA_TEST_LONG=1 others each time, and many more. Needs Python 3.10 or later with venv; pinned packages go to
# target/schemathesis. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${CARGO_TARGET_DIR:-$root/target}/schemathesis
venv=$work/venv

mkdir -p "$work"
wanted=$work/wanted.txt
{ python3 --version && cat "$here/requirements.txt" "$here/constraints.txt"; } >"$wanted"
if ! cmp -s "$wanted" "$venv/installed.txt"; then
    echo "installing schemathesis in $venv"
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$wanted" "$venv/installed.txt"
fi
cd "$root"
ENCRATA_TEST_SCHEMATHESIS=$venv/bin/schemathesis \
    cargo test --quiet --locked -p encrata-webhooks-tests --test schemathesis -- "$@"
